package view

// PeoplePage lists the staff.
type PeoplePage struct {
	Desk
	Rows        []PersonRow
	Departments []DepartmentRow
	Acts        []Act
	Next        string
}

func (PeoplePage) Template() string { return "desk/people" }

// Errors are those of the page's forms.
func (p PeoplePage) Errors() []Link { return errorsOf(p.Acts) }

// DepartmentRow is a unit of the court.
type DepartmentRow struct {
	Link
	Retired bool
}

// PersonRow is a member of staff.
type PersonRow struct {
	Href, Login, Name, Department, Roles, State string
	Factor, Disabled                            bool
}

// PersonPage is one member of staff, or one department, to be changed.
type PersonPage struct {
	Desk
	Heading string
	Facts   []Answer
	Own     bool // one's own account is for somebody else to change
	Acts    []Act
}

func (PersonPage) Template() string { return "desk/person" }

// Errors are those of the page's forms.
func (p PersonPage) Errors() []Link { return errorsOf(p.Acts) }

// AuditPage is a page of the trail. Nothing on it can be changed.
type AuditPage struct {
	Desk
	Search Form
	Rows   []AuditRow
	Next   string
}

func (AuditPage) Template() string { return "desk/audit" }

// AuditRow is an entry of the trail.
type AuditRow struct {
	No      int64
	At      Moment
	Who     Link
	Verb    string
	Subject Link
	Changes []string
}

// SettingsPage is one of the pages of settings.
type SettingsPage struct {
	Desk
	Heading string
	Lead    string
	Tabs    []NavLink
	Form    Form       // may be empty
	Limits  []LimitRow // the table of time limits
	Years   []string   // loaded years
	Acts    []Act
}

func (SettingsPage) Template() string { return "desk/settings" }

// Errors are those of the page's forms.
func (p SettingsPage) Errors() []Link {
	all := append(p.Form.Errors(), errorsOf(p.Acts)...)
	for _, l := range p.Limits {
		all = append(all, l.Act.Errors()...)
	}
	return all
}

// LimitRow is a time limit with its source and history.
type LimitRow struct {
	Kind, Step, Length, Starts, Source string
	Binding                            bool
	History                            []string
	Act                                Act
}
