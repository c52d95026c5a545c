package server

import (
	"bytes"
	"fmt"
	"io"
	"net/url"
	"strconv"
	"strings"

	"github.com/BurntSushi/toml"
)

// secretParams are the parameters of a PostgreSQL URL that Print hides.
const secretParams = "password sslpassword"

const redacted = "xxxxx"

// Describe writes every key with its meaning, its names and its default: a
// configuration file in which every line is still a comment.
func (Config) Describe(w io.Writer) error {
	var b bytes.Buffer
	b.WriteString("# Configuration of an Instar node: every key with its default.\n" +
		"# A flag wins over the environment, the environment over this file.\n" +
		"# The file is named by --config or INSTAR_CONFIG, else it is " + DefaultConfigFile + " in data_dir, if there.\n")
	table := ""
	for _, f := range Fields() {
		if f.table() != table {
			table = f.table()
			fmt.Fprintf(&b, "\n[%s]\n", table)
		}
		fmt.Fprintf(&b, "\n# %s\n", f.Doc)
		if len(f.OneOf) > 0 {
			fmt.Fprintf(&b, "# One of: %s.\n", strings.Join(f.OneOf, ", "))
		}
		if f.Derived != "" {
			fmt.Fprintf(&b, "# Default: %s.\n", f.Derived)
		}
		fmt.Fprintf(&b, "# Environment %s, flag --%s\n", f.Env, f.Flag)
		line, err := tomlLine(f, f.defaultValue())
		if err != nil {
			return err
		}
		fmt.Fprintf(&b, "#%s\n", line)
	}
	_, err := w.Write(b.Bytes())
	return err
}

// Print writes the values in force as a configuration file. Passwords are hidden.
func (c Config) Print(w io.Writer) error {
	var b bytes.Buffer
	table := ""
	for _, f := range Fields() {
		if f.table() != table {
			table = f.table()
			fmt.Fprintf(&b, "\n[%s]\n", table)
		}
		value := f.value(c)
		if f.Key == "database_url" {
			value = redact(c.DatabaseURL)
		}
		if f.Key == "smtp.password" && c.SMTP.Password != "" {
			value = redacted
		}
		line, err := tomlLine(f, value)
		if err != nil {
			return err
		}
		fmt.Fprintln(&b, line)
	}
	_, err := w.Write(b.Bytes())
	return err
}

func (f Field) defaultValue() any {
	if f.Bool {
		return f.Default == "true"
	}
	if n, err := strconv.ParseInt(f.Default, 10, 64); f.Number && err == nil {
		return n
	}
	return f.Default
}

func tomlLine(f Field, value any) (string, error) {
	b, err := toml.Marshal(map[string]any{f.name(): value})
	if err != nil {
		return "", fmt.Errorf("write %s: %w", f.Key, err)
	}
	return strings.TrimSpace(string(b)), nil
}

// redact hides the passwords of a PostgreSQL URL.
func redact(s string) string {
	if s == "" {
		return ""
	}
	u, err := url.Parse(s)
	if err != nil {
		return redacted
	}
	q := u.Query()
	for name := range strings.FieldsSeq(secretParams) {
		if q.Has(name) {
			q.Set(name, redacted)
		}
	}
	u.RawQuery = q.Encode() // also drops what could not be parsed
	return u.Redacted()
}
