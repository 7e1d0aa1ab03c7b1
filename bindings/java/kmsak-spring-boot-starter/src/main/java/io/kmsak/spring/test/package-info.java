/** For the tests of applications. */
package io.kmsak.spring.test;
