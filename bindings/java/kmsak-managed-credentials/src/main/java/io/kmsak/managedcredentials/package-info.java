/** What the classes under the official SDK's names have in common. Not for applications. */
package io.kmsak.managedcredentials;
