/** What the Actuator tells of kmsak. */
package io.kmsak.spring.health;
