// Package view turns typed page structs into HTML. Every page is a struct that embeds Frame and names its template;
// formatting (dates, percentages, words for states) belongs to the small types here, so that templates only ask.
//
//	page := view.ProblemPage{Frame: frame, Code: "1-3", Title: "…"}
//	err := view.Render(w, page)
//
// It trusts the doors to pass what the visitor may see, and nothing about the text itself: html/template escapes it all.
// It must never read a database, a clock or a request, and never mark a string as safe.
package view

import (
	"bytes"
	"fmt"
	"html/template"
	"io"
	"io/fs"
	"strings"

	"mingjing/views"
)

// Page is what Render accepts: a struct that embeds Frame and knows its template ("public/home").
type Page interface {
	Template() string
	frame() Frame
}

// pages holds one template set per page: all parts and that page, so that no page can redefine another's blocks.
var pages = mustParse(views.FS)

// mustParse reads every template at start and panics on the first mistake: a broken template must not wait for a visitor.
func mustParse(files fs.FS) map[string]*template.Template {
	names, err := fs.Glob(files, "*/*.html")
	if err != nil {
		panic("view: " + err.Error())
	}
	parts := template.New("").Option("missingkey=error")
	add := func(set *template.Template, name string) {
		text, err := fs.ReadFile(files, name)
		if err != nil {
			panic("view: " + err.Error())
		}
		template.Must(set.New(strings.TrimSuffix(name, ".html")).Parse(string(text)))
	}
	for _, name := range names {
		if strings.HasPrefix(name, "parts/") {
			add(parts, name)
		}
	}
	parsed := map[string]*template.Template{}
	for _, name := range names {
		if strings.HasPrefix(name, "parts/") {
			continue
		}
		set := template.Must(parts.Clone())
		add(set, name)
		page := strings.TrimSuffix(name, ".html")
		parsed[page] = set.Lookup(page)
	}
	return parsed
}

// Render writes the page only when all of it could be made: a visitor never gets half a page.
func Render(w io.Writer, p Page) error {
	t, ok := pages[p.Template()]
	if !ok {
		return fmt.Errorf("view: no template %s", p.Template())
	}
	var body bytes.Buffer
	if err := t.Execute(&body, p); err != nil {
		return fmt.Errorf("view: render %s: %w", p.Template(), err)
	}
	_, err := body.WriteTo(w)
	return err
}
