package config

import "bifrost/schemas"

// RemoteProvider is a provider of the file that lives on other nodes. What it is, its
// keys and its queue belong to their files.
type RemoteProvider struct {
	// Nodes are the addresses where it lives, in the order of the file; at least one.
	// AnyNode alone means whichever nodes have it.
	Nodes []string

	// MoveWaiting has calls that wait at a node which is lost go to another of Nodes.
	MoveWaiting bool

	// Fallbacks and FallbackOn are those of schemas.ProviderConfig; this node follows
	// them. FallbackOn has its default filled in.
	Fallbacks  []string
	FallbackOn []schemas.ErrorKind
}

// AnyNode in place of a provider's nodes means all that are found and have it.
const AnyNode = "any"

// ofRemote are the keys of a provider that lives on other nodes.
var ofRemote = []string{"node", "move_waiting", "fallbacks", "fallback_on"}

// remoteRules says that a provider with a node has nothing but ofRemote.
func remoteRules() []any {
	return []any{object{"if": object{"required": []string{"node"}}, "then": object{"propertyNames": object{"enum": ofRemote}}}}
}

func (f *File) addRemote(name string, p RemoteProvider) {
	if f.Remote == nil {
		f.Remote = map[string]RemoteProvider{}
	}
	f.Remote[name] = p
}

// readRemote reads the table of a provider that has a node.
func readRemote(r *reader, v value) RemoteProvider {
	var remote RemoteProvider
	var own Provider // what the readers of fallbacks fill in
	for _, m := range v.members {
		child := value{m.node, v.at.key(m.name)}
		switch f := providerSection.field(m.name); {
		case m.name == "node":
			remote.Nodes = readHomes(r, child)
		case m.name == "fallbacks" || m.name == "fallback_on":
			f.read(r, child, &own)
		case m.name == "move_waiting":
			if r.want(child, kindTruth, "") {
				remote.MoveWaiting = child.truth
			}
		case f == nil:
			r.unknown(child, m.name, ofRemote)
		default:
			r.fault(child.line, child.at,
				"belongs to the node where the provider lives; write it into that node's file, or remove node")
		}
	}
	remote.Fallbacks = own.Config.Fallbacks
	remote.FallbackOn = own.Config.WithDefaults().FallbackOn
	return remote
}

// readHomes reads one address of a node, or a list of them, or AnyNode, alone also in a
// list.
func readHomes(r *reader, v value) []string {
	if v.kind == kindText && v.text == AnyNode ||
		v.kind == kindList && len(v.elements) == 1 && v.elements[0].kind == kindText && v.elements[0].text == AnyNode {
		r.nodes.anywhere = append(r.nodes.anywhere, v)
		return []string{AnyNode}
	}
	var homes []located
	switch {
	case v.kind == kindText:
		if a := r.peerAddress(v, v.text); a != (address{}) {
			homes = []located{{v, a}}
		}
	case v.kind == kindList && len(v.elements) == 0:
		r.fault(v.line, v.at, "is empty; name at least one node, such as [%s]", exampleAddress)
	case v.kind == kindList:
		homes = r.addresses(v)
	case v.kind != kindUnread:
		r.fault(v.line, v.at, "must be text or a list, such as %s or [%s], not %s", exampleAddress, exampleAddress, r.called(v.kind))
	}
	r.nodes.homes = append(r.nodes.homes, homes...)
	var nodes []string
	for _, h := range homes {
		nodes = append(nodes, h.address.String())
	}
	return nodes
}
