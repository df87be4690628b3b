// Package views embeds the HTML templates. A file's name without ".html" is its template's name: public/home, parts/top.
// It holds text only; app/web/view parses it and is the only reader. No file here may mark a string as safe.
package views

import "embed"

// FS holds every template, one folder deep; a new folder (desk/, mail/) is picked up by itself.
//
//go:embed */*.html
var FS embed.FS
