package announce

import "strings"

// node is a line and what stands under it. A paragraph has rank 0 and nothing
// under it.
type node struct {
	line int
	text string // the whole line as shown
	mark mark
	rest string // after the marker
	body []*node
	up   *node
	head head // within rest
	// opened is the number of the aspect this heading opened.
	opened int

	strong   bool // said to be a problem by its words
	aspect   bool // said to be an aspect by its words
	labelled bool // 整改情况： stands in it
	problem  bool
	item     int // the last number of the list under its label
}

func (n *node) heads() []*node {
	var out []*node
	for _, k := range n.body {
		if k.mark.rank > 0 {
			out = append(out, k)
		}
	}
	return out
}

// any reports whether f holds of a heading below n.
func (n *node) any(f func(*node) bool) bool {
	for _, k := range n.heads() {
		if f(k) || k.any(f) {
			return true
		}
	}
	return false
}

func (n *node) walk(f func(*node)) {
	for _, k := range n.heads() {
		f(k)
		k.walk(f)
	}
}

// row is a line that has text.
type row struct {
	line int
	text string
}

// outline hangs the rows under their headings. Rows from closing on are
// returned as they are.
func outline(rows []row) (root *node, closing []row) {
	root = &node{}
	end := closingAt(rows)
	closing = rows[end:]
	rows = rows[:end]
	open := []*node{root}
	top := func() *node { return open[len(open)-1] }
	add := func(n *node) {
		n.up = top()
		n.up.body = append(n.up.body, n)
	}
	for i, r := range rows {
		n := &node{line: r.line, text: r.text, rest: r.text}
		owner := top()
		// A label belongs to the heading it stands under.
		if doneLabel.MatchString(r.text) || otherLabel.MatchString(r.text) {
			if m, _, numbered := marker(r.text); !numbered || m.rank > rankPart && !m.word && (owner.strong || owner.labelled || m.rank > owner.mark.rank) {
				if doneLabel.MatchString(r.text) {
					owner.labelled = true
				}
				add(n)
				continue
			}
		}
		m, rest, numbered := marker(r.text)
		followed := i+1 < len(rows) && doneLabel.MatchString(rows[i+1].text)
		if numbered {
			n.mark, n.rest = m, rest
			_, n.strong = problemHead(rest, true)
			n.strong = n.strong || m.word
			_, n.aspect, _ = aspectHead(rest)
			n.labelled = labelInside(rest) > 0
		} else if _, said := problemHead(r.text, false); said {
			n.strong = true
			n.mark.rank = rankItem
			for _, o := range open {
				if o.strong && o.mark.text != "" {
					n.mark.rank = o.mark.rank + 5
				}
			}
		} else if h, said, _ := aspectHead(r.text); said && h.rest == len(r.text) && len([]rune(r.text)) <= 60 && !strings.ContainsAny(r.text[:h.from], "在对就") {
			n.aspect = true
			n.mark.rank = rankPart
		}
		if n.mark.rank == 0 || n.mark.rank > rankPoint+5 {
			n.mark = mark{}
			add(n)
			continue
		}
		if m.word {
			n.mark.rank = wordRank(open)
		}
		// A list under a label may use the numbers of the problems themselves.
		if !n.strong && !n.labelled && !followed && numbered {
			if l := listed(open, m); l != nil {
				n.mark = mark{}
				l.item = m.n
				l.body = append(l.body, n)
				n.up = l
				continue
			}
		}
		for len(open) > 1 && top().mark.rank >= n.mark.rank {
			open = open[:len(open)-1]
		}
		add(n)
		open = append(open, n)
	}
	return root, closing
}

// wordRank ranks 反馈问题一：, which stands at whatever level the text uses it.
func wordRank(open []*node) int {
	for _, o := range open {
		if o.mark.word {
			return o.mark.rank
		}
	}
	top := open[len(open)-1]
	for top.up != nil && top.mark.text == "" {
		top = top.up
	}
	return max(rankPart, top.mark.rank) + 5
}

// listed finds the labelled heading under which a number of the heading's own
// form begins or continues a list: 1. again under problem 1. or later.
func listed(open []*node, m mark) *node {
	for _, o := range open {
		if o.mark.rank != m.rank || o.mark.text == "" || o.mark.word || m.rank < rankPart {
			continue
		}
		if o.labelled && m.n == o.item+1 {
			return o
		}
	}
	return nil
}

// classify decides which headings are problems.
func classify(root *node) {
	found := func() bool { return root.any(func(n *node) bool { return n.problem }) }
	isProblem := func(n *node) bool { return n.problem }
	said := func(n *node) bool { return n.strong || n.labelled }

	root.walk(func(n *node) {
		if n.aspect && len(n.heads()) > 0 && !n.mark.word && (!n.labelled || n.any(said)) {
			return
		}
		n.problem = n.strong || n.labelled && !(n.mark.rank == rankChapter && n.any(said))
	})
	strict := found()
	// What is numbered under 关于“…”方面 is a problem, unless a chapter tells of
	// organisation only.
	root.walk(func(n *node) {
		if !n.aspect || n.problem || inProblem(n) || strict && organisational(n) {
			return
		}
		for _, k := range n.heads() {
			k.problem = k.problem || !k.aspect && !k.any(isProblem)
		}
	})
	if !found() {
		root.walk(func(n *node) {
			n.problem = shortcoming(n.rest) && !organisational(n) && !n.any(func(k *node) bool { return shortcoming(k.rest) }) &&
				!n.aspect
		})
	}
	// Leaves that are aspects by their words, when nothing else is a problem.
	if !found() {
		root.walk(func(n *node) { n.problem = n.aspect && len(n.heads()) == 0 && !organisational(n) })
	}
	// A problem's neighbours are problems.
	var unify func(n *node)
	unify = func(n *node) {
		ranks := map[int]bool{}
		for _, k := range n.heads() {
			ranks[k.mark.rank] = ranks[k.mark.rank] || k.problem && k.mark.rank > rankChapter
		}
		for _, k := range n.heads() {
			if ranks[k.mark.rank] && !k.problem && !k.aspect && !organises(k.rest) && !k.any(isProblem) {
				k.problem = true
			}
		}
		for _, k := range n.heads() {
			unify(k)
		}
	}
	unify(root)
	// 1. over （1） is a problem over its parts, not an aspect over problems; so is
	// （一） over 1. in a chapter that is an aspect itself.
	root.walk(func(n *node) {
		if n.problem || n.aspect || inProblem(n) || n.up == root {
			return
		}
		direct := false
		for _, k := range n.heads() {
			direct = direct || k.problem
		}
		c := chapter(n)
		inAspect := n.up == c && (c.aspect || !generic.MatchString(c.rest) && shortcoming(c.rest))
		if direct && (n.mark.rank >= rankItem || n.mark.rank == rankPart && inAspect) {
			n.problem = true
		}
	})
	unify(root)
	// （一）关于…的问题, each with problems of its own below and nothing done
	// directly, in a chapter on the rectification: these are the aspects.
	for _, c := range root.heads() {
		if c.problem || c.aspect || c.mark.rank != rankChapter {
			continue
		}
		all, any := true, false
		for _, p := range c.heads() {
			direct := p.mark.rank != rankPart || p.labelled
			for _, b := range p.body {
				direct = direct || b.mark.rank == 0 || b.mark.rank > 0 && !b.strong && !b.labelled
			}
			all = all && !direct && len(p.heads()) > 0
			any = true
		}
		if all && any {
			for _, p := range c.heads() {
				p.problem = false
				for _, k := range p.heads() {
					k.problem = true
				}
			}
		}
	}
}

func inProblem(n *node) bool {
	for up := n.up; up != nil; up = up.up {
		if up.problem {
			return true
		}
	}
	return false
}

func chapter(n *node) *node {
	for n.up != nil && n.up.up != nil {
		n = n.up
	}
	return n
}

func organisational(n *node) bool {
	c := chapter(n)
	return !c.aspect && organises(c.rest)
}
