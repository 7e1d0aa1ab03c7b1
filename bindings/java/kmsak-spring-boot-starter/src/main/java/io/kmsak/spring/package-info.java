/** kmsak for Spring Boot. */
package io.kmsak.spring;
