package main

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"strings"
	"text/tabwriter"

	"mingjing/app"
	"mingjing/app/staff"
)

type staffCommand struct {
	Add     staffAdd     `cmd:"" help:"Make an account; prints a one-time password."`
	List    staffList    `cmd:"" help:"List accounts."`
	Disable staffDisable `cmd:"" help:"Disable an account and end its sessions."`
	APIKey  staffAPIKey  `cmd:"" name:"api-key" help:"Make a key with which another system hands in cases; prints it, once."`
}

type staffAdd struct {
	Login         string `required:"" help:"Name to sign in with."`
	Name          string `required:"" help:"The person's name."`
	Roles         string `required:"" help:"Role identifiers, separated by commas."`
	Department    string `help:"The department's name."`
	Create        bool   `name:"create-department" help:"Make the department if there is none of that name."`
	PasswordStdin bool   `help:"Read a lasting password from standard input."`
}

func (c staffAdd) Run(p *program) error {
	roles, err := staff.ParseRoles(c.Roles)
	if err != nil {
		return err
	}
	d := staff.Draft{Login: c.Login, Name: c.Name, Roles: roles}
	if c.PasswordStdin {
		line, err := bufio.NewReader(os.Stdin).ReadString('\n')
		if d.Password = strings.TrimRight(line, "\r\n"); d.Password == "" {
			return errors.Join(errors.New("no password on standard input"), err)
		}
	}
	return p.open(func(a *app.App) error {
		if d.DepartmentID, err = department(p, a, c.Department, c.Create); err != nil {
			return err
		}
		_, oneTime, err := a.Staff.Add(p.ctx, staff.System, d)
		if err == nil && oneTime != "" {
			fmt.Println(oneTime)
		}
		return err
	})
}

// department finds a unit by name. A name that nobody knows is more often
// mistyped than new, so a new one is made only where that was asked for.
func department(p *program, a *app.App, name string, create bool) (int64, error) {
	if name == "" {
		return 0, nil
	}
	list, err := a.Staff.Departments(p.ctx)
	if err != nil {
		return 0, err
	}
	var known []string
	for _, d := range list {
		if d.Name == name {
			return d.ID, nil
		}
		if d.Active {
			known = append(known, d.Name)
		}
	}
	if !create {
		return 0, fmt.Errorf("no department %q (--create-department makes it); there are: %s", name, strings.Join(known, ", "))
	}
	return a.Staff.AddDepartment(p.ctx, staff.System, name)
}

// listPage is how many accounts are read at a time.
const listPage = 200

// everyone calls f for each account.
func everyone(p *program, a *app.App, f func(staff.Person) error) error {
	after := int64(0)
	for {
		list, err := a.Staff.List(p.ctx, staff.System, after, listPage)
		if err != nil || len(list) == 0 {
			return err
		}
		for _, x := range list {
			if err := f(x); err != nil {
				return err
			}
			after = x.ID
		}
	}
}

type staffList struct{}

func (staffList) Run(p *program) error {
	return p.open(func(a *app.App) error {
		w := tabwriter.NewWriter(os.Stderr, 0, 4, 2, ' ', 0)
		fmt.Fprintln(w, "LOGIN\tNAME\tDEPARTMENT\tROLES\tSTATE")
		err := everyone(p, a, func(x staff.Person) error {
			state := "active"
			switch {
			case x.Disabled:
				state = "disabled"
			case x.Trial:
				state = "trial"
			}
			roles := make([]string, len(x.Roles))
			for i, r := range x.Roles {
				roles[i] = string(r)
			}
			_, err := fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", x.Login, x.Name, x.Department, strings.Join(roles, ","), state)
			return err
		})
		return errors.Join(err, w.Flush())
	})
}

type staffDisable struct {
	Login string `arg:"" help:"Whose account."`
}

func (c staffDisable) Run(p *program) error {
	return p.open(func(a *app.App) error {
		var id int64
		err := everyone(p, a, func(x staff.Person) error {
			if x.Login == c.Login {
				id = x.ID
			}
			return nil
		})
		if err != nil {
			return err
		}
		if id == 0 {
			return fmt.Errorf("no account %q", c.Login)
		}
		return a.Staff.Disable(p.ctx, staff.System, id)
	})
}

type staffAPIKey struct {
	Name string `required:"" help:"The system's name, as the records of its cases will say it."`
}

func (c staffAPIKey) Run(p *program) error {
	return p.open(func(a *app.App) error {
		key, err := a.Staff.AddKey(p.ctx, staff.System, c.Name)
		if err == nil {
			fmt.Println(key)
		}
		return err
	})
}
