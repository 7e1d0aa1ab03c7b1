/** What Micrometer measures of kmsak. */
package io.kmsak.spring.metrics;
