package lease

// divide shares out total among claims, none of which gets more than it asks for: evenly,
// and what is too little for one each goes to the first ones.
func divide(total int, claims []int) []int {
	out := make([]int, len(claims))
	for total > 0 {
		open := 0
		for i, c := range claims {
			if out[i] < c {
				open++
			}
		}
		if open == 0 {
			break
		}
		each := max(1, total/open)
		for i, c := range claims {
			give := min(each, c-out[i], total)
			out[i] += give
			total -= give
		}
	}
	return out
}
