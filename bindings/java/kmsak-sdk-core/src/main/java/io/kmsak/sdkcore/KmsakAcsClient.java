package io.kmsak.sdkcore;

import com.aliyuncs.AcsRequest;
import com.aliyuncs.AcsResponse;
import com.aliyuncs.CommonRequest;
import com.aliyuncs.CommonResponse;
import com.aliyuncs.DefaultAcsClient;
import com.aliyuncs.exceptions.ClientException;
import com.aliyuncs.profile.IClientProfile;
import io.kmsak.KmsakException;
import io.kmsak.Provider;
import java.util.function.Predicate;

/**
 * The SDK's client with a managed AccessKey: each request is signed with the AccessKey of the hour, and one whose AccessKey the service
 * rejects is sent once more with a renewed AccessKey. When the renewal fails, the service's exception has its {@link KmsakException} as
 * suppressed. Safe to use from any thread.
 *
 * <p>The {@code doAction} methods return the service's raw answer and do not renew; nor does the form of {@code getAcsResponse} with an
 * AccessKey of the caller's.
 */
public class KmsakAcsClient extends DefaultAcsClient {
  private final KmsakCredentialsProvider credentials;
  private final Predicate<? super ClientException> isRejection;

  /**
   * With the service's usual error codes for an unknown AccessKey.
   *
   * @param profile the region and the HTTP settings
   * @param provider stays the caller's, to be closed after the client
   * @param secretName the managed RAM secret
   */
  public KmsakAcsClient(IClientProfile profile, Provider provider, String secretName) {
    this(profile, provider, secretName, null);
  }

  /**
   * With a test of one's own for errors that mean a rejected AccessKey.
   *
   * @param profile the region and the HTTP settings
   * @param provider stays the caller's, to be closed after the client
   * @param secretName the managed RAM secret
   * @param isRejection whether an error means that the service does not know the AccessKey; null for the usual codes
   */
  public KmsakAcsClient(
      IClientProfile profile, Provider provider, String secretName, Predicate<? super ClientException> isRejection) {
    this(profile, new KmsakCredentialsProvider(provider, secretName), isRejection);
  }

  private KmsakAcsClient(
      IClientProfile profile, KmsakCredentialsProvider credentials, Predicate<? super ClientException> isRejection) {
    super(profile, credentials);
    this.credentials = credentials;
    this.isRejection = isRejection == null ? error -> credentials.isRejection(error.getErrCode(), error.getMessage()) : isRejection;
  }

  @FunctionalInterface
  private interface Attempt<T> {
    T run() throws ClientException;
  }

  private <T> T renewing(Attempt<T> attempt) throws ClientException {
    credentials.forget();
    try {
      return attempt.run();
    } catch (ClientException rejected) {
      if (!credentials.hasGiven() || !isRejection.test(rejected)) {
        throw rejected;
      }
      try {
        credentials.renew();
      } catch (KmsakException notRenewed) {
        rejected.addSuppressed(notRenewed);
        throw rejected;
      }
      return attempt.run();
    } finally {
      credentials.forget();
    }
  }

  @Override
  public <T extends AcsResponse> T getAcsResponse(AcsRequest<T> request) throws ClientException {
    return renewing(() -> super.getAcsResponse(request));
  }

  @Override
  public <T extends AcsResponse> T getAcsResponse(AcsRequest<T> request, boolean autoRetry, int maxRetryCounts) throws ClientException {
    return renewing(() -> super.getAcsResponse(request, autoRetry, maxRetryCounts));
  }

  @Override
  public <T extends AcsResponse> T getAcsResponse(AcsRequest<T> request, IClientProfile profile) throws ClientException {
    return renewing(() -> super.getAcsResponse(request, profile));
  }

  @Override
  public <T extends AcsResponse> T getAcsResponse(AcsRequest<T> request, String regionId) throws ClientException {
    return renewing(() -> super.getAcsResponse(request, regionId));
  }

  @Override
  public CommonResponse getCommonResponse(CommonRequest request) throws ClientException {
    return renewing(() -> super.getCommonResponse(request));
  }
}
