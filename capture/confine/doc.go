// Package confine gives up the rights that a program no longer needs once its raw sockets are open: root, capabilities,
// and with Landlock the files and the network. What it reads from then on comes from strangers.
//
// The best order is: Who, open the sockets, Apply, open the outputs. The outputs are then created by the user who has
// to reopen and rotate them. Files that are created before belong to root; [User.Own] hands them over.
package confine
