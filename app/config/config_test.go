package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestSettingsComeFromTheEnvironmentOrAFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "url")
	if err := os.WriteFile(path, []byte("postgres://u:p@h/db\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := Load([]string{"PORTAL_DATABASE_URL_FILE=" + path, "PORTAL_TRUSTED_PROXIES=10.0.0.1,192.168.0.0/16", "OTHER=x"})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Check(); err != nil {
		t.Fatal(err)
	}
	if c.DatabaseURL != "postgres://u:p@h/db" || len(c.TrustedProxies) != 2 || c.PepperFile != filepath.Join("data", "pepper") {
		t.Fatalf("%+v", c)
	}
}

func TestSettingAndFileTogetherAreRefused(t *testing.T) {
	if _, err := Load([]string{"PORTAL_SMTP_URL=smtp://h", "PORTAL_SMTP_URL_FILE=/nowhere"}); err == nil {
		t.Fatal("accepted")
	}
}

func TestContradictionsAreNamed(t *testing.T) {
	for _, bad := range []string{"PORTAL_BASE_URL=nowhere", "PORTAL_SECOND_FACTOR=maybe", "PORTAL_LOG_FORMAT=xml", "PORTAL_TRUSTED_PROXIES=any", "PORTAL_RATE=0"} {
		c, err := Load([]string{bad})
		if err != nil {
			t.Fatal(err)
		}
		name, _, _ := strings.Cut(bad, "=")
		if err := c.Check(); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", bad, err)
		}
	}
}

func TestSecretsAreMasked(t *testing.T) {
	c, err := Load([]string{"PORTAL_DATABASE_URL=postgres://u:sesame@h/db?password=sesame", "PORTAL_SMTP_URL=sesame"})
	if err != nil {
		t.Fatal(err)
	}
	if text := strings.Join(c.Lines(), "\n"); strings.Contains(text, "sesame") {
		t.Fatal(text)
	}
}

func TestSecondFactorIsRequiredOffLoopback(t *testing.T) {
	for base, want := range map[string]bool{"": false, "http://localhost:8080": false, "http://127.0.0.1": false, "https://zg.example.gov.cn": true} {
		if got := (Config{BaseURL: base}).SecondFactorRequired(); got != want {
			t.Errorf("%q: %v", base, got)
		}
	}
}
