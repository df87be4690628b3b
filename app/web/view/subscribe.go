package view

// SubscribePage asks for a mail address that wants to hear of changes.
type SubscribePage struct {
	Frame
	Closed bool // no mail can be sent here
	About  Link // what it would hear of
	All    string
	Feed   string
	Form   Form
}

func (SubscribePage) Template() string { return "public/subscribe" }

// SubscriptionPage is a subscription as seen by who holds the link in its
// mails, or what was just done about one.
type SubscriptionPage struct {
	Frame
	Heading string
	Sent    bool // a mail is on its way
	Ended   bool
	Asked   bool   // waits for being confirmed
	Done    string // what was just done
	About   Link
	Email   string // masked
	Since   Moment
	Link    string
	CSRF    string
}

func (SubscriptionPage) Template() string { return "public/subscription" }
