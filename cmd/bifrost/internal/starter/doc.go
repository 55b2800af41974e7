// Package starter writes a first configuration file: commented, and with the providers
// whose keys are in the environment.
//
// It knows by which variables the providers' own tools find their keys. What it writes
// names the variables and never has their values. It opens no file.
package starter
