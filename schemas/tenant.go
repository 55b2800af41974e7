package schemas

import "context"

type tenantKey struct{}

// WithTenant returns a context whose requests are made for a tenant: a team, a customer,
// whoever pays. Hooks read it with TenantOf, also on another node. It is not sent to
// providers. The empty tenant is none.
func WithTenant(ctx context.Context, tenant string) context.Context {
	if tenant == "" {
		return ctx
	}
	return context.WithValue(ctx, tenantKey{}, tenant)
}

// TenantOf returns the tenant of a context, empty if there is none.
func TenantOf(ctx context.Context) string {
	tenant, _ := ctx.Value(tenantKey{}).(string)
	return tenant
}
