package fetch

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/idna"
)

// MaxURL bounds an address, in bytes.
const MaxURL = 2048

// The bounds of names in DNS (RFC 1035 §2.3.4).
const (
	maxName  = 253
	maxLabel = 63
	// maxUnicode bounds what is turned into punycode: that takes time by the
	// square of its length.
	maxUnicode = 4 * maxName
)

// Origin returns scheme, host and port of a web address in one spelling, such
// as "https://node.example" or "http://127.0.0.1:8081", and "" for anything
// that is no web address (FEP-fe34).
func Origin(address string) string {
	u, err := parse(address)
	if err != nil {
		return ""
	}
	return u.Scheme + "://" + u.Host
}

// SameOrigin says whether two web addresses have the same scheme, host and
// port. What is no web address has the origin of nothing, itself included.
func SameOrigin(a, b string) bool {
	origin := Origin(a)
	return origin != "" && origin == Origin(b)
}

// Host returns a host, with its port if it has one, in the one spelling by
// which hosts are compared and stored: lower-case, punycode, no last dot, no
// port 443. It refuses what is no host: user names, paths, percent signs,
// zones, and the spellings of addresses that only some resolvers read, such as
// 0x7f.1 or 127.1. A public suffix, a single label or a private address is a
// host like others here; where one leads is judged by Client.
func Host(host string) (string, error) { return normalHost(host, "https") }

// parse reads a web address and puts its host in its one spelling. The
// fragment is dropped: it is never sent.
func parse(address string) (*url.URL, error) {
	if len(address) > MaxURL || !utf8.ValidString(address) {
		return nil, fmt.Errorf("%w: %d bytes", ErrForbiddenAddress, len(address))
	}
	if strings.ContainsFunc(address, func(c rune) bool { return c <= ' ' || c == 0x7f || c == '\\' }) {
		return nil, fmt.Errorf("%w: %.100q", ErrForbiddenAddress, address)
	}
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.User != nil {
		return nil, fmt.Errorf("%w: %.100q", ErrForbiddenAddress, address)
	}
	host, err := normalHost(u.Host, u.Scheme)
	if err != nil {
		return nil, err
	}
	u.Host, u.Fragment, u.RawFragment = host, "", ""
	return u, nil
}

var errHost = errors.New("no host")

func normalHost(host, scheme string) (string, error) {
	name, port, err := splitPort(host)
	if err == nil {
		name, err = normalName(name)
	}
	if err != nil {
		return "", fmt.Errorf("%w: %w: %.100q", ErrForbiddenAddress, err, host)
	}
	if port == "" || port == "443" && scheme == "https" || port == "80" && scheme == "http" {
		return name, nil
	}
	return name + ":" + port, nil
}

// splitPort splits off a port, which is "" when there is none. An IPv6 address
// must stand in brackets and keeps them.
func splitPort(host string) (name, port string, err error) {
	colon := strings.LastIndexByte(host, ':')
	if colon < strings.LastIndexByte(host, ']') || colon < 0 {
		return host, "", nil
	}
	name, port = host[:colon], host[colon+1:]
	n, err := strconv.ParseUint(port, 10, 16)
	if port != "" && (err != nil || n == 0 || port != strconv.FormatUint(n, 10)) {
		return "", "", errHost
	}
	return name, port, nil
}

func normalName(name string) (string, error) {
	if strings.HasPrefix(name, "[") {
		return normalIPv6(name)
	}
	if len(name) > maxUnicode || !utf8.ValidString(name) {
		return "", errHost
	}
	name, err := idna.Lookup.ToASCII(name)
	if err != nil {
		return "", errHost
	}
	// It must also be what its own punycode stands for: the rule for writing
	// from right to left is checked for some names on the way back only.
	if again, err := idna.Lookup.ToASCII(name); err != nil || again != name {
		return "", errHost
	}
	name = strings.ToLower(strings.TrimSuffix(name, "."))
	if len(name) > maxName {
		return "", errHost
	}
	labels := strings.Split(name, ".")
	for _, label := range labels {
		if label == "" || len(label) > maxLabel || strings.ContainsFunc(label, notInLabel) {
			return "", errHost
		}
	}
	if isNumber(labels[len(labels)-1]) {
		if ip, err := netip.ParseAddr(name); err != nil || !ip.Is4() {
			return "", errHost
		}
	}
	return name, nil
}

func normalIPv6(name string) (string, error) {
	inner, ok := strings.CutSuffix(name[1:], "]")
	ip, err := netip.ParseAddr(inner)
	if !ok || err != nil || !ip.Is6() || ip.Zone() != "" {
		return "", errHost
	}
	return "[" + ip.String() + "]", nil
}

func notInLabel(c rune) bool {
	return (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-'
}

// isNumber says of a last label that some resolver would take the whole name
// for an IPv4 address.
func isNumber(label string) bool {
	digits, isHex := strings.CutPrefix(label, "0x")
	return strings.Trim(digits, "0123456789") == "" || isHex && strings.Trim(digits, "0123456789abcdef") == ""
}
