package view

// CalendarPage is a month with how much is due on each day.
type CalendarPage struct {
	Desk
	Month      string // 2027年3月
	Prev, Next string
	Total      int
	Guess      bool // the year's holidays are not known yet
	Mine       []Basket
	Weeks      [][]CalendarDay // from Monday
	Day        string          // heading of the list below; empty without one
	Rows       []DeskRow
	Feed       *Form // makes the address for a calendar program
}

func (CalendarPage) Template() string { return "desk/calendar" }

// CalendarDay is a square of it.
type CalendarDay struct {
	On      Day
	No      int
	Outside bool // of another month
	Rest    bool
	Today   bool
	Chosen  bool
	Count   int
	Href    string
	Late    bool // what is due there is overdue
}

// Class says what kind of day it is.
func (d CalendarDay) Class() string {
	class := ""
	for _, x := range []struct {
		on   bool
		name string
	}{{d.Outside, "outside"}, {d.Rest, "rest"}, {d.Today, "today"}, {d.Late, "late"}} {
		if x.on {
			class += " " + x.name
		}
	}
	if class == "" {
		return ""
	}
	return class[1:]
}
