package api

import (
	"encoding/json"
	"strings"

	"mingjing/app/cases"
)

// document is the OpenAPI 3.1 description, made from the same lists of kinds,
// fields and states by which the rooms judge, so that it cannot fall behind.
var document = describe()

type object map[string]any

func describe() []byte {
	raw, err := json.MarshalIndent(object{
		"openapi": "3.1.0",
		"info": object{"title": "监督反馈门户接口", "version": "1.0.0",
			"description": "供热线等系统把记下的来件交给法院，并查询办到哪一步。密钥由安全管理员在工作台“设置 · 接口密钥”里发放。来件的正文和联系方式只进不出。"},
		"servers":  []object{{"url": base}},
		"security": []object{{"key": []string{}}},
		"paths": object{
			"/cases":           object{"post": postCases()},
			"/cases/{case_no}": object{"get": getCase()},
			"/openapi.json": object{"get": object{"operationId": "describe", "summary": "本说明", "security": []object{},
				"responses": object{"200": object{"description": "OpenAPI 3.1 文件", "content": object{"application/json": object{"schema": object{"type": "object"}}}}}}},
		},
		"components": object{
			"securitySchemes": object{"key": object{"type": "http", "scheme": "bearer", "description": "mjk_ 开头的接口密钥"}},
			"schemas":         schemas(),
		},
	}, "", " ")
	if err != nil {
		panic("api: " + err.Error()) // it holds nothing but strings, numbers and lists
	}
	return raw
}

func reference(name string) object { return object{"$ref": "#/components/schemas/" + name} }

func schemas() object {
	out := object{
		"Accepted": object{"type": "object", "required": []string{"case_no"}, "additionalProperties": false, "properties": object{
			"case_no": caseNo(),
			"access_code": object{"type": "string", "pattern": "^[0-9]{8}$",
				"description": "查询码，请读给来人；本人第一次查询时须更换。重发的回答只在查询码还没有更换时带有它。"},
		}},
		"Case": object{"type": "object", "required": []string{"case_no", "kind", "channel", "state", "received_at", "due"}, "additionalProperties": false, "properties": object{
			"case_no": caseNo(), "kind": oneOf(cases.Kinds, cases.Kind.Word), "channel": oneOf(cases.Channels, cases.Channel.Word), "state": oneOf(cases.States, cases.State.Word),
			"received_at": object{"type": "string", "format": "date-time"},
			"due":         object{"type": []string{"string", "null"}, "format": "date", "description": "法院下一步应当完成的日期；没有待办为 null"},
		}},
		"Problem": object{"type": "object", "required": []string{"type", "title", "status", "detail"}, "additionalProperties": false, "properties": object{
			"type": text(0, ""), "title": text(0, "发生了什么"), "status": object{"type": "integer"}, "detail": text(0, "为什么，接下来怎么做"),
			"request_id": text(0, "网站自身出错时用来查日志的编号"),
			"errors": object{"type": "array", "items": object{"type": "object", "required": []string{"field", "detail"}, "additionalProperties": false,
				"properties": object{"field": text(0, "哪一项"), "detail": text(0, "要怎么改")}}},
		}},
	}
	var kinds []object
	for _, k := range cases.Kinds {
		name := strings.ToUpper(string(k[:1])) + string(k[1:])
		out[name] = sendingOf(k)
		kinds = append(kinds, reference(name))
	}
	out["Sending"] = object{"oneOf": kinds}
	return out
}

// sendingOf is what may be sent of a kind.
func sendingOf(k cases.Kind) object {
	required := []string{"kind", "channel"}
	properties := object{
		"kind":            object{"const": k, "description": k.Word()},
		"channel":         oneOf(cases.Channels[1:], cases.Channel.Word),
		"received_at":     object{"type": "string", "anyOf": []object{{"format": "date-time"}, {"format": "date"}}, "description": "你们收到的时间，时限从这一天起算；不写就是现在"},
		"external_id":     text(cases.MaxExternalID, "这一件在你们系统里的编号；同一编号只登记一次"),
		"allow_publish":   object{"type": "boolean", "description": "来人明确同意隐去个人信息后公开"},
		"privacy_version": text(40, "来人同意的隐私说明的版本"),
	}
	for _, f := range cases.Fields(k) {
		p := text(f.Max, f.Label)
		if f.Required {
			required = append(required, f.Name)
			p["minLength"] = 1
		}
		properties[f.Name] = p
	}
	return object{"type": "object", "title": k.Word(), "required": required, "additionalProperties": false, "properties": properties}
}

func caseNo() object {
	return object{"type": "string", "pattern": "^[0-9]{8}$", "description": "受理编号"}
}

func text(most int, what string) object {
	out := object{"type": "string"}
	if most > 0 {
		out["maxLength"] = most
	}
	if what != "" {
		out["description"] = what
	}
	return out
}

// oneOf is an enumeration whose description says what each value means.
func oneOf[T ~string](values []T, word func(T) string) object {
	words := make([]string, len(values))
	for i, v := range values {
		words[i] = string(v) + " " + word(v)
	}
	return object{"type": "string", "enum": values, "description": strings.Join(words, "、")}
}

func postCases() object {
	return object{"operationId": "handInCase", "summary": "交来一件",
		"parameters": []object{{"name": "Idempotency-Key", "in": "header", "required": true, "schema": object{"type": "string", "minLength": 1, "maxLength": 200},
			"description": "每件一个，由你们定。没有收到回答就用同一个重发：已经登记的不会再登记。"}},
		"requestBody": object{"required": true, "content": object{"application/json": object{"schema": reference("Sending")}}},
		"responses": refusals(object{
			"201": done("已登记，已存入数据库", "Accepted"),
			"200": done("这个 Idempotency-Key 已经登记过，没有再登记", "Accepted"),
		}, "400", "401", "403", "409", "413", "415", "422", "429", "503")}
}

func getCase() object {
	return object{"operationId": "caseStanding", "summary": "一件来件办到哪一步；只能查用同一个密钥交来的",
		"parameters": []object{{"name": "case_no", "in": "path", "required": true, "schema": object{"type": "string"}}},
		"responses":  refusals(object{"200": done("现在的状态", "Case")}, "401", "404", "429", "503")}
}

func done(what, schema string) object {
	return object{"description": what, "content": object{"application/json": object{"schema": reference(schema)}}}
}

var refusalWords = map[string]string{"400": "看不懂请求：不是 JSON，或者没有 Idempotency-Key", "401": "没有密钥，或者密钥不对、已停用", "403": "举报不能由其他系统转交",
	"404": "这个密钥没有交来过这一件", "409": "这个 Idempotency-Key 已经用于另外的内容", "413": "内容太大", "415": "不是 application/json", "422": "有内容要修改，errors 逐项说明；没有登记",
	"429": "这个密钥请求太频繁，请按 Retry-After 重发", "503": "暂时不能可靠地登记，请按 Retry-After 用同一个 Idempotency-Key 重发"}

func refusals(out object, statuses ...string) object {
	for _, s := range statuses {
		out[s] = object{"description": refusalWords[s], "content": object{"application/problem+json": object{"schema": reference("Problem")}}}
	}
	return out
}
