package config

// Protocols of OTLP.
const (
	ProtocolHTTP = "http"
	ProtocolGRPC = "grpc"
)

func newTracing() *Tracing {
	return &Tracing{Protocol: ProtocolHTTP, SampleRatio: 1, ServiceName: DefaultServiceName}
}

// String says that there is one, so that a printed File has no secrets.
func (t Tracing) String() string { return "tracing" }

// GoString is String.
func (t Tracing) GoString() string { return t.String() }

var tracingSection = section[Tracing]{check: checkTracing, fields: []field[Tracing]{
	custom("endpoint", ofReference(), readEndpoint).
		required("where the collector is, such as `http://127.0.0.1:4318`", "`http` or `https` with a host, without user, query or fragment"),
	custom("protocol", oneOf(ProtocolHTTP, ProtocolGRPC), readProtocol).
		doc("`\"http\"`", "how OTLP is spoken"),
	custom("headers", tableOf(ofReference(), "as `extra_headers`"), func(r *reader, v value, into *Tracing) { into.Headers = r.headers(v) }).
		doc("none", "sent to the collector, credentials for one"),
	share("sample_ratio", func(t *Tracing) *float64 { return &t.SampleRatio }).
		doc("1.0", "the share of the traces that begin here; a caller's own decision is kept"),
	setting("service_name", `"bifrost"`, func(t *Tracing) *string { return &t.ServiceName }).
		doc("`\"bifrost\"`", "how traces call this process"),
}}

const exampleCollector = `"http://127.0.0.1:4318"`

func readEndpoint(r *reader, v value, into *Tracing) {
	text, ok := r.reference(v, exampleCollector)
	switch {
	case !ok:
	case !isBaseURL(text):
		r.fault(v.line, v.at, "must be http:// or https:// with a host, such as %s, without user, query or fragment; "+
			"credentials go into headers", exampleCollector)
	default:
		into.Endpoint = text
	}
}

func readProtocol(r *reader, v value, into *Tracing) {
	switch {
	case !r.want(v, kindText, `"http"`):
	case v.text != ProtocolHTTP && v.text != ProtocolGRPC:
		r.fault(v.line, v.at, `must be "http" or "grpc"; leave it out for "http"`)
	default:
		into.Protocol = v.text
	}
}

func checkTracing(r *reader, table value, has given, _ *Tracing) {
	if _, ok := has["endpoint"]; !ok {
		r.fault(table.line, table.at.key("endpoint"), "is missing; write the address of the collector, such as %s, or remove the table", exampleCollector)
	}
}
