/** For RocketMQ 4 ({@code org.apache.rocketmq:rocketmq-client} with {@code rocketmq-acl}). */
package io.kmsak.rocketmq4;
