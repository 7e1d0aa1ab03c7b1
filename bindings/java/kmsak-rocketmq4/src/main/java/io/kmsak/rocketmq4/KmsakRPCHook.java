package io.kmsak.rocketmq4;

import io.kmsak.Credentials;
import io.kmsak.Provider;
import java.util.Objects;
import org.apache.rocketmq.acl.common.AclClientRPCHook;
import org.apache.rocketmq.acl.common.SessionCredentials;
import org.apache.rocketmq.remoting.RPCHook;
import org.apache.rocketmq.remoting.protocol.RemotingCommand;

/**
 * Signs each request of RocketMQ's client with the AccessKey of the hour: {@code new DefaultMQProducer(group, new KmsakRPCHook(...))}. Safe to
 * use from any thread.
 */
public final class KmsakRPCHook implements RPCHook {
  private final Provider provider;
  private final String secretName;

  /**
   * For a managed RAM secret.
   *
   * @param provider stays the caller's, to be closed after the last request
   * @param secretName the secret's name, such as {@code acs/ram/user/app}
   */
  public KmsakRPCHook(Provider provider, String secretName) {
    this.provider = Objects.requireNonNull(provider, "provider");
    this.secretName = Objects.requireNonNull(secretName, "secretName");
  }

  /**
   * Signs a request.
   *
   * @param remoteAddr the broker
   * @param request the request
   * @throws io.kmsak.KmsakException if no AccessKey was ever fetched and none can be
   */
  @Override
  public void doBeforeRequest(String remoteAddr, RemotingCommand request) {
    Credentials now = provider.credentials(secretName);
    new AclClientRPCHook(new SessionCredentials(now.accessKeyId(), now.accessKeySecret()))
        .doBeforeRequest(remoteAddr, request);
  }

  @Override
  public void doAfterResponse(String remoteAddr, RemotingCommand request, RemotingCommand response) {}
}
