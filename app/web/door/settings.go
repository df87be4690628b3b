package door

import "mingjing/app/settings"

// Settings are the site's settings as the pages of this moment show them; they
// are read once per change, not once per request.
func (c *Ctx) Settings() settings.Site { return c.House.Pages.current(c.Std()).around.site }
