package config

// newAccessLog returns what cannot be told from the zero value afterwards.
func newAccessLog() AccessLog { return AccessLog{Enabled: true, Sample: 1} }

var accessLogSection = section[AccessLog]{fields: []field[AccessLog]{
	truth("enabled", func(l *AccessLog, v bool) { l.Enabled = v }).
		doc("`true`", "the log has a line for each request"),
	share("sample", func(l *AccessLog) *float64 { return &l.Sample }).
		doc("1.0", "the share of the requests with an answer that have one; all others have"),
}}
