package server

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	maxOrigin      = 54   // bytes of base_url: an activity's id adds 46 and stays within 100
	maxName        = 100  // characters
	maxDescription = 1000 // characters
)

// Check says what is wrong with the configuration, the first fault alone.
// LoadConfig has called it. Its errors name the key and never show a password.
func (c Config) Check() error {
	for _, f := range Fields() {
		if err := c.checkField(f); err != nil {
			return fmt.Errorf("%s %w", f.Key, err)
		}
	}
	if _, _, err := splitListen(c.Listen); err != nil {
		return err
	}
	if err := checkOrigin(c.BaseURL); err != nil {
		return fmt.Errorf("base_url %q: %w", c.BaseURL, err)
	}
	if err := checkDatabaseURL(c.DatabaseURL); err != nil {
		return fmt.Errorf("database_url %w", err)
	}
	if _, err := proxies(c.TrustedProxies); err != nil {
		return fmt.Errorf("trusted_proxies: %w", err)
	}
	if _, err := hostList(c.Hosts); err != nil {
		return fmt.Errorf("hosts: %w", err)
	}
	if err := c.checkClaims(); err != nil {
		return err
	}
	if err := c.Backfill.check(); err != nil {
		return err
	}
	if c.Federation.AbroadPerDay < 1 {
		return errors.New("federation.abroad_per_day must be above 0; no community is allowed at the start")
	}
	if c.Federation.WaitingActivities < 0 || c.Federation.WaitingBytes < 0 {
		return errors.New("federation.waiting_activities and federation.waiting_bytes must not be negative; 0 is no limit")
	}
	if c.Federation.InboxesPerDomain < 0 {
		return errors.New("federation.inboxes_per_domain must not be negative; 0 is no limit")
	}
	if c.Media.MaxPixels < 1 {
		return errors.New("media.max_pixels must be above 0")
	}
	if c.Media.PerAgent < 0 || c.Media.Bytes < 0 {
		return errors.New("media.images_per_agent and media.bytes_per_agent must not be negative; 0 is no limit")
	}
	switch {
	case c.DataDir == "":
		return errors.New("data_dir must not be empty")
	case c.SecretFile == "":
		return errors.New("secret_file must not be empty")
	case strings.TrimSpace(c.Name) == "":
		return errors.New("name must not be empty")
	case utf8.RuneCountInString(c.Name) > maxName:
		return fmt.Errorf("name must not be longer than %d characters", maxName)
	case utf8.RuneCountInString(c.Description) > maxDescription:
		return fmt.Errorf("description must not be longer than %d characters", maxDescription)
	}
	return nil
}

func (c Config) checkField(f Field) error {
	s, ok := f.value(c).(string)
	if !ok {
		return nil
	}
	if !utf8.ValidString(s) || strings.ContainsFunc(s, unicode.IsControl) {
		return errors.New("must be UTF-8 text without control characters")
	}
	if len(f.OneOf) > 0 && !slices.Contains(f.OneOf, s) {
		return fmt.Errorf("is %q, but must be one of: %s", s, strings.Join(f.OneOf, ", "))
	}
	return nil
}

// splitListen takes the address to listen on apart. The port is a number.
func splitListen(listen string) (host, port string, err error) {
	host, port, err = net.SplitHostPort(listen)
	if err == nil {
		_, err = strconv.ParseUint(port, 10, 16)
	}
	if err != nil {
		return "", "", fmt.Errorf("listen is %q, but must be host:port, such as 127.0.0.1:8080", listen)
	}
	return host, port, nil
}

var hostName = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$`)

// checkOrigin refuses what would give ids that other servers cannot compare
// byte by byte: scheme, host and port in their shortest lower-case form.
func checkOrigin(s string) error {
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || u.Opaque != "" || (u.Scheme != "https" && u.Scheme != "http") {
		return errors.New("must be an origin such as https://instar.example.org")
	}
	host, port := u.Hostname(), u.Port()
	if u.Path != "" || u.RawQuery != "" || u.ForceQuery || u.Fragment != "" || u.User != nil || s != u.Scheme+"://"+u.Host {
		return fmt.Errorf("must be an origin alone, in lower case: write %s", strings.ToLower(u.Scheme+"://"+u.Host))
	}
	if err := checkHost(host); err != nil {
		return err
	}
	if u.Scheme == "http" && !isLoopback(host) {
		return errors.New("plain http is for loopback addresses only: use https")
	}
	if strings.HasSuffix(u.Host, ":") || (u.Scheme == "https" && port == "443") || (u.Scheme == "http" && port == "80") {
		return errors.New("leave out the port, it is the default one")
	}
	if n, err := strconv.ParseUint(port, 10, 16); port != "" && (err != nil || n == 0 || port != strconv.FormatUint(n, 10)) {
		return errors.New("the port must be a number from 1 to 65535")
	}
	if len(s) > maxOrigin {
		return fmt.Errorf("is longer than %d characters: ids would become too long for other servers", maxOrigin)
	}
	return nil
}

func checkHost(host string) error {
	if ip, err := netip.ParseAddr(host); err == nil {
		if ip.String() != host || ip.Zone() != "" {
			return fmt.Errorf("write the address as %s", ip.WithZone(""))
		}
		return nil
	}
	if host != strings.ToLower(host) {
		return fmt.Errorf("the host must be in lower case: write %s", strings.ToLower(host))
	}
	if !hostName.MatchString(host) {
		return errors.New("the host must be a plain host name (an international one in its xn-- form), without a dot at its end")
	}
	return nil
}

// checkDatabaseURL shows nothing of the URL: url.Parse would repeat it whole.
func checkDatabaseURL(s string) error {
	if s == "" {
		return nil
	}
	u, err := url.Parse(s)
	if err != nil || (u.Scheme != "postgres" && u.Scheme != "postgresql") {
		return errors.New("must be empty (SQLite in data_dir) or postgres://user:password@host:5432/database?sslmode=verify-full")
	}
	return nil
}
