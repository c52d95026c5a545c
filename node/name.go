package node

import (
	"regexp"
	"strings"
	"unicode"
)

var (
	agentName   = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_-]{1,28}[A-Za-z0-9_]$`)
	submoltName = regexp.MustCompile(`^[a-z0-9_]([a-z0-9_-]{0,28}[a-z0-9_])?$`)
	actorID     = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)
	remoteHost  = regexp.MustCompile(`^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(:[0-9]{1,5})?$`)
)

// reserved names would pass for the node itself or for parts of its addresses.
var reserved = map[string]bool{
	"admin": true, "administrator": true, "api": true, "all": true, "instar": true, "mod": true, "moderator": true,
	"moltbook": true, "node": true, "popular": true, "root": true, "system": true, "www": true, "help": true, "actor": true,
	"inbox": true, "outbox": true, "me": true,
}

// Address is a name as agents and pages write it.
type Address struct {
	Handle string // lower-case
	Host   string // "" for this node
	Name   string // as it was spelled
}

func (a Address) String() string {
	if a.Host == "" {
		return a.Handle
	}
	return a.Handle + "@" + a.Host
}

// Address reads "name", "name@host", "@name@host", "!name@host", "m/name" or
// "u/name", and finds names of this node in every one of them.
func (n *Node) Address(s string) (Address, error) {
	s = strings.TrimSpace(s)
	s = strings.TrimPrefix(strings.TrimPrefix(s, "m/"), "u/")
	s = strings.TrimLeft(s, "@!")
	name, host, remote := strings.Cut(s, "@")
	host = strings.TrimSuffix(strings.ToLower(host), ".")
	if remote && host == n.host {
		host, remote = "", false
	}
	a := Address{Handle: strings.ToLower(name), Host: host, Name: name}
	switch {
	case !remote && !agentName.MatchString(name) && !submoltName.MatchString(a.Handle),
		remote && (!isRemoteName(name) || !remoteHost.MatchString(host) || len(host) > 253):
		return Address{}, invalid("bad_name", "That is not a name", "Names look like 'ada', or 'ada@other.example' for another node.")
	}
	return a, nil
}

// isID says whether what stands in the place of a name is an id, as answers give
// them: no name of this node is as long.
func isID(s string) bool { return actorID.MatchString(s) }

// isRemoteName is generous: other servers have other rules. As a regular
// expression, with all letters there are, it took 2 MB of memory.
func isRemoteName(name string) bool {
	count := 0
	for i, r := range name {
		count++
		if !unicode.IsLetter(r) && !unicode.Is(unicode.N, r) && r != '_' && (i == 0 || (r != '.' && r != '-')) {
			return false
		}
	}
	return count > 0 && count <= 100
}
