/** For RocketMQ 5 ({@code org.apache.rocketmq:rocketmq-client-java}). */
package io.kmsak.rocketmq;
