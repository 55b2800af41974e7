package schemas

// VertexConfig configures a provider of type "vertex".
type VertexConfig struct {
	// Project is the Google Cloud project's id. Empty means the environment's
	// GOOGLE_CLOUD_PROJECT.
	Project string

	// Location is where the models are, such as "europe-west4". Empty means "global".
	Location string

	// CredentialsFile is the path of a service account's file, or of another that
	// application default credentials know. Empty means the default ones.
	CredentialsFile string
}
