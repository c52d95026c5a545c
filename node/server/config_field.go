package server

import (
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"
)

// Field is one key of the configuration and its three names.
type Field struct {
	Key     string   // in the file, with dots for tables: "federation.allow_private"
	Env     string   // "INSTAR_FEDERATION_ALLOW_PRIVATE"
	Flag    string   // "federation-allow-private"
	Doc     string   // one or two sentences
	Default string   // as written in the environment
	Derived string   // in words, for a default that depends on other keys
	OneOf   []string // the values that are allowed; empty when any is
	Bool    bool     // true or false
	Number  bool     // a number from 0 on; neither it nor Bool nor Span is a string
	Span    bool     // a span of time, written as 30s, 5m or 24h

	index []int // of the struct field
}

const (
	configKey = "config" // INSTAR_CONFIG and --config: names the file, is not in it
	envPrefix = "INSTAR_"
)

var (
	flagName = strings.NewReplacer(".", "-", "_", "-")
	envName  = strings.NewReplacer(".", "_")
)

// Fields lists the keys in the order of Config.
func Fields() []Field {
	return appendFields(nil, reflect.TypeFor[Config](), "", nil)
}

func appendFields(fs []Field, t reflect.Type, table string, index []int) []Field {
	for i := range t.NumField() {
		sf := t.Field(i)
		if !sf.IsExported() {
			continue
		}
		key := table + sf.Tag.Get("toml")
		at := append(append([]int{}, index...), i)
		if sf.Type.Kind() == reflect.Struct {
			fs = appendFields(fs, sf.Type, key+".", at)
			continue
		}
		fs = append(fs, Field{
			Key:     key,
			Env:     envPrefix + strings.ToUpper(envName.Replace(key)),
			Flag:    flagName.Replace(key),
			Doc:     sf.Tag.Get("doc"),
			Default: sf.Tag.Get("default"),
			Derived: sf.Tag.Get("derived"),
			OneOf:   strings.Fields(sf.Tag.Get("oneof")),
			Bool:    sf.Type.Kind() == reflect.Bool,
			Number:  sf.Type == reflect.TypeFor[int64](),
			Span:    sf.Type == reflect.TypeFor[time.Duration](),
			index:   at,
		})
	}
	return fs
}

func fieldByKey(key string) (Field, bool) {
	for _, f := range Fields() {
		if f.Key == key {
			return f, true
		}
	}
	return Field{}, false
}

// table and name are the two parts of the key.
func (f Field) table() string { return f.Key[:max(0, strings.LastIndexByte(f.Key, '.'))] }
func (f Field) name() string  { return f.Key[strings.LastIndexByte(f.Key, '.')+1:] }

var (
	errNotBool   = errors.New("must be true or false")
	errNotString = errors.New("must be a string")
	errNotNumber = errors.New("must be a whole number from 0 to 1000000000")
	errNotSpan   = errors.New("must be a span of time from 0s to 87600h, such as 30s, 5m or 24h")
)

// set gives c's field its value as written in the environment or a flag. Its
// errors never repeat the value: it may be a secret.
func (f Field) set(c *Config, value string) error {
	v := reflect.ValueOf(c).Elem().FieldByIndex(f.index)
	switch {
	case f.Bool:
		b, err := strconv.ParseBool(value)
		if err != nil {
			return errNotBool
		}
		v.SetBool(b)
	case value == "" && (f.Number || f.Span): // as good as not said
		v.SetInt(0)
	case f.Number:
		n, err := strconv.ParseInt(value, 10, 64)
		if err != nil || n < 0 || n > maxNumber {
			return errNotNumber
		}
		v.SetInt(n)
	case f.Span:
		d, err := time.ParseDuration(value)
		if err != nil || d < 0 || d > maxSpan {
			return errNotSpan
		}
		v.SetInt(int64(d))
	default:
		v.SetString(value)
	}
	return nil
}

// Bounds of numbers and spans, so that sums of them never overflow.
const (
	maxNumber = 1_000_000_000
	maxSpan   = 10 * 365 * 24 * time.Hour
)

// value is c's value of the field: a bool, a number or a string.
func (f Field) value(c Config) any {
	v := reflect.ValueOf(c).FieldByIndex(f.index).Interface()
	if d, is := v.(time.Duration); is {
		return shortSpan(d)
	}
	return v
}

// shortSpan writes a span without the zeros that time.Duration adds: "30m", not "30m0s".
func shortSpan(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

// environment picks the node's variables, by key. A variable that looks like
// one of ours and is none stops the start, except those that tests use, those
// that container runtimes set for a service named "instar", and an agent's own
// key, which skill.md has it keep in INSTAR_KEY.
func environment(environ []string) (map[string]string, error) {
	keys := map[string]string{envPrefix + strings.ToUpper(configKey): configKey}
	for _, f := range Fields() {
		keys[f.Env] = f.Key
	}
	env := map[string]string{}
	for _, kv := range environ {
		name, value, _ := strings.Cut(kv, "=")
		if !strings.HasPrefix(name, envPrefix) {
			continue
		}
		key, known := keys[name]
		if !known && !isForeignEnv(name) {
			return nil, fmt.Errorf("unknown environment variable %s (\"instar config describe\" lists the known ones)", name)
		}
		if known && value != "" {
			env[key] = value
		}
	}
	return env, nil
}

func isForeignEnv(name string) bool {
	rest := strings.TrimPrefix(name, envPrefix)
	for _, prefix := range []string{"TEST_", "REQUIRE_", "SERVICE_", "PORT_"} {
		if strings.HasPrefix(rest, prefix) {
			return true
		}
	}
	return rest == "PORT" || rest == "VULNDB" || rest == "KEY"
}
