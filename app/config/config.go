// Package config reads the program's settings from the environment: one
// struct, each field documented, no globals.
//
// Every setting PORTAL_X may also be given as PORTAL_X_FILE, the path of a
// file that holds the value (a trailing newline is dropped); giving both is an
// error. It trusts the environment and must never print a secret: see Lines.
package config

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"strings"

	"github.com/caarlos0/env/v11"
)

// Config is every setting an operator has.
type Config struct {
	// Addr is the address the site listens on.
	Addr string `env:"ADDR" envDefault:"127.0.0.1:8080"`
	// DataDir holds the embedded database, attachments, keys and first-accounts.txt.
	DataDir string `env:"DATA_DIR" envDefault:"data"`
	// DatabaseURL is a postgres:// URL; empty means embedded SQLite in DataDir.
	DatabaseURL string `env:"DATABASE_URL" secret:"url"`
	// BaseURL is the address citizens use, such as https://zg.example.gov.cn.
	// Empty: only loopback host names are answered, over http.
	BaseURL string `env:"BASE_URL"`
	// KeysDir holds the service keys that several instances share; empty means DataDir.
	KeysDir string `env:"KEYS_DIR"`
	// PepperFile is the file of the secret that is kept apart from the
	// database and its backups; empty means KeysDir/pepper.
	PepperFile string `env:"PEPPER_FILE"`
	// LogKeyFile is the file of the public log's private key; empty means
	// KeysDir/log.key. It is made when the log begins and there is none.
	LogKeyFile string `env:"LOG_KEY_FILE"`
	// LogWitnesses are who cosigns the public log's checkpoints (C2SP tlog-witness):
	// the key and the address of each, with a space between them.
	LogWitnesses []string `env:"LOG_WITNESSES"`
	// SMTPURL is where mail goes: smtp://user:password@host:587; empty: no mail is sent.
	SMTPURL string `env:"SMTP_URL" secret:"url"`
	// MailFrom is the sender's address of that mail.
	MailFrom string `env:"MAIL_FROM" envDefault:"portal@localhost"`
	// SMSURL is the gateway that takes text messages: https://:key@host/path. It gets
	// {"id","to","text"} as JSON by POST, the key as Bearer token (user:key as
	// Basic), and the id as Idempotency-Key; empty: no text message is sent.
	SMSURL string `env:"SMS_URL" secret:"url"`
	// BlobURL is where attachments are kept: s3://key:secret@host/bucket; empty means DataDir/blobs.
	BlobURL string `env:"BLOB_URL" secret:"url"`
	// MetricsAddr is where Prometheus may read /metrics; empty: nowhere.
	MetricsAddr string `env:"METRICS_ADDR"`
	// TrustedProxies are the addresses or networks whose X-Forwarded-For is believed.
	TrustedProxies []string `env:"TRUSTED_PROXIES"`
	// SecondFactor is required or optional; empty: required unless BaseURL is unset or loopback.
	SecondFactor string `env:"SECOND_FACTOR"`
	// Seed is what an empty database starts with: empty for the built-in
	// announcement, none for nothing, or the path of a text.
	Seed string `env:"SEED"`
	// LogFormat is text or json.
	LogFormat string `env:"LOG_FORMAT" envDefault:"text"`
	// Rate is how many acts of each kind (forms opened, submissions, sign-ins,
	// captchas) an address may make per ten minutes before it has to wait. A
	// court's hall or an office is many people behind one address. A key of the API
	// may make ten times as many requests.
	Rate int `env:"RATE" envDefault:"300"`
}

const prefix = "PORTAL_"

// Load reads the settings from environ, in the form of os.Environ.
func Load(environ []string) (Config, error) {
	vars, err := expand(environ)
	if err != nil {
		return Config{}, err
	}
	var c Config
	if err := env.ParseWithOptions(&c, env.Options{Environment: vars, Prefix: prefix}); err != nil {
		return Config{}, fmt.Errorf("settings: %w", err)
	}
	return c, nil
}

// expand replaces PORTAL_X_FILE by PORTAL_X with the file's content.
// PORTAL_PEPPER_FILE and PORTAL_LOG_KEY_FILE are settings of their own: what is in
// them is never taken from the environment, where other processes could read it.
func expand(environ []string) (map[string]string, error) {
	vars := map[string]string{}
	for _, kv := range environ {
		if k, v, ok := strings.Cut(kv, "="); ok && strings.HasPrefix(k, prefix) {
			vars[k] = v
		}
	}
	for k, path := range vars {
		name, isFile := strings.CutSuffix(k, "_FILE")
		if !isFile || k == prefix+"PEPPER_FILE" || k == prefix+"LOG_KEY_FILE" {
			continue
		}
		if _, both := vars[name]; both {
			return nil, fmt.Errorf("settings: both %s and %s are set; keep one", name, k)
		}
		raw, err := os.ReadFile(path)
		if err != nil {
			return nil, fmt.Errorf("settings: %s: %w", k, err)
		}
		vars[name] = strings.TrimRight(string(raw), "\r\n")
		delete(vars, k)
	}
	return vars, nil
}

// Check fills what depends on other settings and refuses contradictions.
func (c *Config) Check() error {
	var errs []error
	if c.KeysDir == "" {
		c.KeysDir = c.DataDir
	}
	if c.PepperFile == "" {
		c.PepperFile = filepath.Join(c.KeysDir, "pepper")
	}
	if c.LogKeyFile == "" {
		c.LogKeyFile = filepath.Join(c.KeysDir, "log.key")
	}
	if c.BaseURL != "" {
		u, err := url.Parse(c.BaseURL)
		if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
			errs = append(errs, errors.New("PORTAL_BASE_URL must be like https://zg.example.gov.cn"))
		}
		c.BaseURL = strings.TrimRight(c.BaseURL, "/")
	}
	if c.SMSURL != "" {
		if u, err := url.Parse(c.SMSURL); err != nil || u.Host == "" || u.Scheme != "https" && !(u.Scheme == "http" && LoopbackHost(u.Hostname())) {
			errs = append(errs, errors.New("PORTAL_SMS_URL must be like https://:key@sms.example.cn/send"))
		}
	}
	switch c.SecondFactor {
	case "", "required", "optional":
	default:
		errs = append(errs, errors.New("PORTAL_SECOND_FACTOR must be required or optional"))
	}
	if c.LogFormat != "text" && c.LogFormat != "json" {
		errs = append(errs, errors.New("PORTAL_LOG_FORMAT must be text or json"))
	}
	for _, p := range c.TrustedProxies {
		if _, err := netip.ParsePrefix(p); err == nil {
			continue
		}
		if _, err := netip.ParseAddr(p); err != nil {
			errs = append(errs, fmt.Errorf("PORTAL_TRUSTED_PROXIES: %q is neither an address nor a network", p))
		}
	}
	if c.Rate < 1 {
		errs = append(errs, errors.New("PORTAL_RATE must be at least 1"))
	}
	return errors.Join(errs...)
}

// LogOrigin is the name that a new public log gets, for good.
func (c Config) LogOrigin() string {
	if u, err := url.Parse(c.BaseURL); err == nil && u.Host != "" {
		return u.Host + "/log"
	}
	return "localhost/log"
}

// Secure reports whether cookies carry Secure and the __Host- prefix.
func (c Config) Secure() bool { return c.BaseURL != "" }

// Loopback reports whether the site is meant for this machine alone.
func (c Config) Loopback() bool {
	if c.BaseURL == "" {
		return true
	}
	u, err := url.Parse(c.BaseURL)
	return err == nil && LoopbackHost(u.Hostname())
}

// LoopbackHost reports whether a host name can only mean this machine.
func LoopbackHost(host string) bool {
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	ip := net.ParseIP(strings.Trim(host, "[]"))
	return ip != nil && ip.IsLoopback()
}

// SecondFactorRequired reports whether staff must set up a second factor.
func (c Config) SecondFactorRequired() bool {
	if c.SecondFactor != "" {
		return c.SecondFactor == "required"
	}
	return !c.Loopback()
}

// Lines lists the effective settings as NAME=value, passwords masked.
func (c Config) Lines() []string {
	var out []string
	v := reflect.ValueOf(c)
	for i := range v.NumField() {
		f := v.Type().Field(i)
		text := fmt.Sprint(v.Field(i).Interface())
		if list, ok := v.Field(i).Interface().([]string); ok {
			text = strings.Join(list, ",")
		}
		if f.Tag.Get("secret") == "url" && text != "" {
			text = mask(text)
		}
		out = append(out, prefix+f.Tag.Get("env")+"="+text)
	}
	return out
}

// mask hides the password and the query of a URL, and all of what is not one.
func mask(raw string) string {
	u, err := url.Parse(raw)
	if err != nil || u.Scheme == "" {
		return "***"
	}
	if u.RawQuery != "" {
		u.RawQuery = "***"
	}
	return u.Redacted()
}
