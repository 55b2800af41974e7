// Package reload puts other configurations into force while the program runs, one at a
// time and each as a whole or not at all.
//
//	 Reload                                   Set
//	   |                                       |
//	loading     the file and its references    |
//	   | readable                              |
//	candidate   what differs from what runs    |
//	   | nothing that needs a restart          |
//	applying  <--------------------------------+
//	   | all of it is in force
//	running     a new number, unless nothing has changed
//
// Whatever fails on the way leaves what runs as it was, and is in Version.Failed until a
// reload succeeds. What Set has changed is an override of the file's values: Version says
// so, and the next reload takes it back, as its changes show.
package reload
