package config

import "os"

// LoadAdmin returns what the file at path says of the admin listener, for who asks a
// gateway that runs: it may run although the file has faults by now, and its secrets may
// be in its own environment. A key with a fault is as if it were absent. An error means
// that the file cannot be read, or has no structure.
func LoadAdmin(path string) (Admin, error) {
	data, fault := readFile(path)
	if fault != nil {
		return Admin{}, Errors{fault}
	}
	r := &reader{lookup: os.LookupEnv, format: formatOf(path)}
	root, faults := decode(data, r.format)
	if root == nil {
		for _, f := range faults {
			f.File = path
		}
		return Admin{}, faults.sorted()
	}
	return bind(r, root, path).Admin, nil
}
