package public

import (
	"embed"
	"reflect"
	"strings"

	"mingjing/app/web/view"
)

// The shapes of the open data. Their field tags are what the schemas under
// schema/ and the page that describes them are made from: a change here shows
// in both. Names stay; a field that means something else gets a new name.

// ledgerData is /open-data/ledger.json.
type ledgerData struct {
	Programme programmeData `json:"programme" jsonschema_description:"这一轮整改"`
	Day       string        `json:"day" jsonschema:"format=date" jsonschema_description:"数据是哪一天的，北京时间。是否超期按这一天计算"`
	Stated    *statedData   `json:"stated" jsonschema:"nullable" jsonschema_description:"最近一次通报写明的数字，与台账分开列；没有通报为 null"`
	Counts    countsData    `json:"counts" jsonschema_description:"整个台账的计数，含暂不公开的条目，所以可能比下面列出的多"`
	Aspects   []aspectData  `json:"aspects" jsonschema_description:"方面"`
	Problems  []problemData `json:"problems" jsonschema_description:"公开的反馈问题，按台账顺序"`
	Measures  []measureData `json:"measures" jsonschema_description:"公开的整改措施，按台账顺序"`
	Rules     []ruleData    `json:"rules" jsonschema_description:"公开的制度成果，新的在前"`
	Changes   []changeData  `json:"changes" jsonschema_description:"最近一千次公开的变化，新的在前"`
}

type programmeData struct {
	Slug          string  `json:"slug" jsonschema_description:"地址里的名字"`
	Title         string  `json:"title" jsonschema_description:"名称"`
	Text          string  `json:"text" jsonschema_description:"本院对这一轮整改的说明；没有为空"`
	Inspected     string  `json:"inspected" jsonschema_description:"被巡视（巡察）单位"`
	Inspector     string  `json:"inspector" jsonschema_description:"巡视（巡察）组"`
	InspectedFrom *string `json:"inspected_from" jsonschema:"nullable,format=date" jsonschema_description:"巡视开始日期"`
	InspectedTo   *string `json:"inspected_to" jsonschema:"nullable,format=date" jsonschema_description:"巡视结束日期"`
	FeedbackOn    *string `json:"feedback_on" jsonschema:"nullable,format=date" jsonschema_description:"反馈意见日期"`
	Fictional     bool    `json:"fictional" jsonschema_description:"是虚构的演示数据"`
}

type statedData struct {
	Announcement string       `json:"announcement" jsonschema_description:"通报的标题"`
	Address      string       `json:"address" jsonschema_description:"通报在本站的地址"`
	Dated        *string      `json:"dated" jsonschema:"nullable,format=date" jsonschema_description:"通报的日期"`
	Figures      []figureData `json:"figures" jsonschema_description:"写明的数字"`
}

type figureData struct {
	Name  string  `json:"name" jsonschema:"enum=problems,enum=problems_done,enum=problems_basically_done,enum=sub_problems,enum=measures,enum=measures_done,enum=rules" jsonschema_description:"数字的名字"`
	Label string  `json:"label" jsonschema_description:"中文名"`
	Value int     `json:"value" jsonschema_description:"数值"`
	AsOf  *string `json:"as_of" jsonschema:"nullable" jsonschema_description:"截至哪一天（或者哪个月）；通报没有写明为 null"`
}

type countsData struct {
	Problems       map[string]int `json:"problems" jsonschema_description:"反馈问题，按状态计数；键是 status 的取值，没有的状态不列"`
	ProblemsClosed int            `json:"problems_closed" jsonschema_description:"已核验销号的反馈问题"`
	SubProblems    int            `json:"sub_problems" jsonschema_description:"细化问题"`
	Measures       map[string]int `json:"measures" jsonschema_description:"整改措施，按自报状态计数"`
	MeasuresClosed int            `json:"measures_closed" jsonschema_description:"已核验销号的整改措施"`
	Rules          int            `json:"rules" jsonschema_description:"登记的制度"`
}

type aspectData struct {
	No    int    `json:"no" jsonschema_description:"序号"`
	Title string `json:"title" jsonschema_description:"名称"`
	Text  string `json:"text" jsonschema_description:"对这个方面的说明；没有为空"`
}

type problemData struct {
	Code        string           `json:"code" jsonschema_description:"编号"`
	Address     string           `json:"address" jsonschema_description:"在本站的地址"`
	Aspect      int              `json:"aspect" jsonschema_description:"所属方面的序号"`
	Title       string           `json:"title" jsonschema_description:"问题"`
	Text        string           `json:"text" jsonschema_description:"对这个问题的说明；没有为空"`
	Status      string           `json:"status" jsonschema:"enum=unstated,enum=not_started,enum=in_progress,enum=basically_done,enum=done,enum=long_term" jsonschema_description:"状态：unstated 来源没有说明（不等于没有做）、not_started 未启动、in_progress 整改中、basically_done 基本完成、done 已完成、long_term 长期坚持"`
	Closing     string           `json:"closing" jsonschema:"enum=none,enum=applied,enum=lead_dept,enum=rectification_office,enum=closed,enum=refused,enum=reopened" jsonschema_description:"核验：none 未申请、applied 待牵头部门、lead_dept 待整改办、rectification_office 待派驻纪检监察组、closed 已销号、refused 不予销号、reopened 回头看后重开"`
	ClosedOn    *string          `json:"closed_on" jsonschema:"nullable,format=date" jsonschema_description:"销号日期"`
	ReopenedOn  *string          `json:"reopened_on" jsonschema:"nullable,format=date" jsonschema_description:"回头看后重开的日期"`
	Leader      string           `json:"leader" jsonschema_description:"责任领导；没有公布为空"`
	SubProblems []subProblemData `json:"sub_problems" jsonschema_description:"细化问题"`
}

type subProblemData struct {
	No    int    `json:"no" jsonschema_description:"序号"`
	Title string `json:"title" jsonschema_description:"细化问题"`
	Text  string `json:"text" jsonschema_description:"对它的说明；没有为空"`
}

type measureData struct {
	Code       string   `json:"code" jsonschema_description:"编号"`
	Address    string   `json:"address" jsonschema_description:"在本站的地址"`
	Problem    string   `json:"problem" jsonschema_description:"所属问题的编号"`
	SubProblem *int     `json:"sub_problem" jsonschema:"nullable" jsonschema_description:"所属细化问题的序号；不属于任何一个为 null"`
	Title      string   `json:"title" jsonschema_description:"措施"`
	Note       string   `json:"note" jsonschema_description:"做了什么"`
	Kind       string   `json:"kind" jsonschema:"enum=immediate,enum=dated,enum=long_term" jsonschema_description:"类型：immediate 立行立改、dated 限期整改、long_term 长期坚持"`
	Status     string   `json:"status" jsonschema:"enum=unstated,enum=not_started,enum=in_progress,enum=basically_done,enum=done,enum=long_term" jsonschema_description:"牵头部门自报的状态，取值同问题"`
	Closing    string   `json:"closing" jsonschema:"enum=none,enum=applied,enum=lead_dept,enum=rectification_office,enum=closed,enum=refused,enum=reopened" jsonschema_description:"核验，取值同问题"`
	Leader     string   `json:"leader" jsonschema_description:"责任领导"`
	LeadDept   string   `json:"lead_department" jsonschema_description:"牵头部门"`
	CoDepts    []string `json:"co_departments" jsonschema_description:"配合部门"`
	StartsOn   *string  `json:"starts_on" jsonschema:"nullable,format=date" jsonschema_description:"计划启动日期"`
	BaselineOn *string  `json:"baseline_on" jsonschema:"nullable,format=date" jsonschema_description:"最初定下的时限，永远不改"`
	DueOn      *string  `json:"due_on" jsonschema:"nullable,format=date" jsonschema_description:"现在的时限"`
	DueText    string   `json:"due_text" jsonschema_description:"不是日期的时限，例如“长期坚持”"`
	DoneOn     *string  `json:"done_on" jsonschema:"nullable,format=date" jsonschema_description:"自报完成的日期"`
	CheckOn    *string  `json:"check_on" jsonschema:"nullable,format=date" jsonschema_description:"长期坚持的措施下次复查日期"`
	ClosedOn   *string  `json:"closed_on" jsonschema:"nullable,format=date" jsonschema_description:"销号日期"`
	ReopenedOn *string  `json:"reopened_on" jsonschema:"nullable,format=date" jsonschema_description:"回头看后重开的日期"`
	Overdue    bool     `json:"overdue" jsonschema_description:"到了时限没有自报完成，也没有销号"`
}

type ruleData struct {
	Title    string   `json:"title" jsonschema_description:"名称"`
	Number   string   `json:"number" jsonschema_description:"文号"`
	Revised  bool     `json:"revised" jsonschema_description:"true 修订，false 新制定"`
	Dated    *string  `json:"dated" jsonschema:"nullable,format=date" jsonschema_description:"印发日期"`
	Address  string   `json:"address" jsonschema_description:"在本站的地址"`
	Problems []string `json:"problems" jsonschema_description:"回应的问题的编号"`
}

type changeData struct {
	At      string  `json:"at" jsonschema:"format=date-time" jsonschema_description:"写入本站的时刻"`
	On      string  `json:"on" jsonschema:"format=date" jsonschema_description:"发生的日期"`
	Kind    string  `json:"kind" jsonschema_description:"发生了什么：announced 发布通报、imported 导入台账、progress 进展、due 时限变更、applied 申请销号、refused 不予销号、closed 销号、reopened 重开、confirmed 回头看确认、rule 制度等"`
	Text    string  `json:"text" jsonschema_description:"公开的说法"`
	Address *string `json:"address" jsonschema:"nullable" jsonschema_description:"所说的条目在本站的地址"`
}

// statisticsData is /open-data/statistics.json.
type statisticsData struct {
	From     string      `json:"from" jsonschema:"format=date" jsonschema_description:"统计期的第一天"`
	To       string      `json:"to" jsonschema:"format=date" jsonschema_description:"统计期的最后一天"`
	Received *int        `json:"received" jsonschema:"nullable" jsonschema_description:"收到的来件；少于 5 件，或者能用减法推出少于 5 件的，为 null"`
	Replied  *int        `json:"replied" jsonschema:"nullable" jsonschema_description:"这段时间里答复的；为 null 的原因同上"`
	Kinds    []countData `json:"kinds" jsonschema_description:"按类别"`
	Months   []countData `json:"months" jsonschema_description:"按月份，新的在前；过去的月份在次月6日固定，以后不变"`
	Rates    []rateData  `json:"rates" jsonschema_description:"比率，都带分母"`
}

type countData struct {
	Label    string `json:"label" jsonschema_description:"类别或者月份"`
	Received *int   `json:"received" jsonschema:"nullable" jsonschema_description:"收到"`
	Replied  *int   `json:"replied" jsonschema:"nullable" jsonschema_description:"这段时间里答复的"`
}

type rateData struct {
	Name        string   `json:"name" jsonschema_description:"名称"`
	Formula     string   `json:"formula" jsonschema_description:"怎么算"`
	Denominator *int     `json:"denominator" jsonschema:"nullable" jsonschema_description:"分母；不公布为 null"`
	Percent     *float64 `json:"percent" jsonschema:"nullable" jsonschema_description:"百分比；分母为 0 或者不公布为 null"`
}

// schemas are the JSON Schemas of the shapes, made by
// go test ./app/web/public -run Schemas -update.
//
//go:embed schema/*.json
var schemas embed.FS

// fieldsOf lists the fields of a shape for people, and those of the shapes within it.
func fieldsOf(heading string, shape reflect.Type) []view.DataShape {
	own := view.DataShape{Heading: heading}
	var inner []view.DataShape
	for f := range shape.Fields() {
		name, doc := f.Tag.Get("json"), f.Tag.Get("jsonschema_description")
		t, word := f.Type, ""
		switch {
		case t.Kind() == reflect.Pointer:
			t, word = t.Elem(), "或者 null"
		case t.Kind() == reflect.Slice:
			t, word = t.Elem(), "列表"
		}
		own.Fields = append(own.Fields, view.DataField{Name: name, Type: kindWord(t, f.Tag.Get("jsonschema")) + word, Text: doc})
		if t.Kind() == reflect.Struct {
			inner = append(inner, fieldsOf(strings.TrimPrefix(heading+"."+name, "."), t)...)
		}
	}
	return append([]view.DataShape{own}, inner...)
}

func kindWord(t reflect.Type, rules string) string {
	switch {
	case strings.Contains(rules, "format=date-time"):
		return "时刻"
	case strings.Contains(rules, "format=date"):
		return "日期"
	}
	switch t.Kind() {
	case reflect.Bool:
		return "是否"
	case reflect.Int:
		return "整数"
	case reflect.Float64:
		return "小数"
	case reflect.Map:
		return "计数表"
	case reflect.Struct:
		return "对象"
	}
	return "文字"
}
