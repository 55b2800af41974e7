package bifrost

// Models returns the models that a provider's keys name, and whether it serves
// others as well. It asks nobody; ListModelsRequest asks the provider. A provider
// that does not exist has none.
func (c *Client) Models(provider string) (named []string, others bool) {
	r, ok := (*c.routes.Load())[provider]
	if !ok {
		return nil, false
	}
	return r.Models()
}
