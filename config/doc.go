// Package config reads bifrost.toml, or the same structure as JSON with
// comments, into the configuration that Init and the gateway are given.
//
// Reading is strict. An unknown key, a wrong type, a size of zero, a missing
// environment variable, a duplicate: each is a Fault that names the file, the
// line and the key and says what to write instead, and all faults of a file are
// reported together as Errors. In a file zero is an error where it has no
// meaning of its own, and absent is the default. What Load returns is resolved:
// references are replaced, every default is filled in.
//
// No text made by this package has the value of a key or of a header: messages
// never quote a value from the file, and Print masks secrets.
//
// Both formats are decoded into one tree of nodes that know their lines, and one
// binder reads that tree. TOML is decoded by BurntSushi/toml, which gives no line
// for a key that is valid TOML; an index from key to line is built beside it.
//
// What a table of the file may have is written down once, as a section: each key with
// its reader, its bounds, its meaning and its default. The tables of
// docs/configuration.md (Document) and the JSON Schema for editors (Schema) are made
// from the sections.
//
// Changes says what differs between two files, secrets masked, and what of it has an
// effect in a new process only.
//
// The package opens one file and reads the environment. It starts nothing,
// blocks on nothing else and keeps no state: all functions are safe for
// concurrent use, and a File belongs to whoever loaded it.
package config
