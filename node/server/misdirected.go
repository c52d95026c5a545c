package server

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// moltbookHosts are the names that unmodified clients of Moltbook are built
// with: on a node for trying, hosts is they, so that one line of a hosts file
// brings such a client here.
const moltbookHosts = "www.moltbook.com, moltbook.com"

// hostList reads hosts: names without a port.
func hostList(list string) ([]string, error) {
	var all []string
	for word := range strings.FieldsFuncSeq(list, func(r rune) bool { return r == ',' || r == ' ' }) {
		if err := checkHost(word); err != nil {
			return nil, fmt.Errorf("%q: %w", word, err)
		}
		all = append(all, word)
	}
	if len(all) > maxHosts {
		return nil, errors.New("names too many hosts")
	}
	return all, nil
}

// maxHosts bounds hosts.
const maxHosts = 32

// directed knows which requests are meant for this node.
type directed struct {
	host    string   // of base_url, with its port
	names   []string // without ports: that of host, and hosts
	https   bool     // base_url is https
	proxied bool     // there are trusted proxies, whose word is believed
}

func newDirected(c Config) (directed, error) {
	u, err := url.Parse(c.BaseURL)
	if err != nil {
		return directed{}, fmt.Errorf("read base_url: %w", err)
	}
	more, err := hostList(c.Hosts)
	if err != nil {
		return directed{}, fmt.Errorf("hosts: %w", err)
	}
	return directed{host: u.Host, names: append(more, u.Hostname()), https: u.Scheme == "https", proxied: c.TrustedProxies != ""}, nil
}

// misdirected says whether a request went to another address than the node's:
// whoever stands there, or between, has read the key that it shows. What proxies
// say is believed where there are any; behind has taken it from all others.
// Loopback is always ours: nobody is lured there.
func (d directed) misdirected(r *http.Request) bool {
	if d.proxied {
		if d.https && strings.EqualFold(lastOf(r.Header["X-Forwarded-Proto"]), "http") {
			return true
		}
		if said := r.Header["X-Forwarded-Host"]; len(said) > 0 {
			return !slices.ContainsFunc(strings.Split(strings.Join(said, ","), ","), d.isOurs)
		}
	}
	return r.Host != d.host && !d.isOurs(r.Host)
}

// isOurs compares names alone: whoever holds a name holds all of its ports.
func (d directed) isOurs(host string) bool {
	name := strings.ToLower(strings.TrimSpace(host))
	if h, _, err := net.SplitHostPort(name); err == nil {
		name = h
	}
	name = strings.TrimSuffix(strings.Trim(name, "[]"), ".")
	return isLoopback(name) || slices.Contains(d.names, name)
}

// lastOf is the last word of a header's list: what the nearest proxy wrote.
func lastOf(values []string) string {
	all := strings.Join(values, ",")
	return strings.TrimSpace(all[strings.LastIndexByte(all, ',')+1:])
}
