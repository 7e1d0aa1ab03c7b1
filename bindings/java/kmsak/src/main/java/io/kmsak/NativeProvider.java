package io.kmsak;

import java.nio.ByteBuffer;

/**
 * The native half of a provider. Its methods are those of an object, not of the class, so that the object is reachable while
 * one runs; native code frees the handle once {@link #changes()} is unreachable, which this object holds.
 */
final class NativeProvider {
  private final long handle;
  private final ByteBuffer changes;

  private NativeProvider(long handle) {
    this.handle = handle;
    this.changes = changes(handle);
  }

  static NativeProvider open(Object[] settings, Resources resources) {
    NativeLibrary.load();
    NativeLogs.forward();
    Answer<Void> answer = new Answer<>();
    long handle = open(settings, resources, answer);
    answer.throwFailure();
    return new NativeProvider(handle);
  }

  static NativeProvider openFixed(Object[] versions) {
    NativeLibrary.load();
    NativeLogs.forward();
    Answer<Void> answer = new Answer<>();
    long handle = openFixed(versions, answer);
    answer.throwFailure();
    return new NativeProvider(handle);
  }

  ByteBuffer changes() {
    return changes;
  }

  void close() {
    close(handle);
  }

  boolean isClosed() {
    return isClosed(handle);
  }

  void credentials(String name, Answer<Credentials> answer) {
    credentials(handle, name, answer);
  }

  void cachedCredentials(String name, Answer<Credentials> answer) {
    cachedCredentials(handle, name, answer);
  }

  void secret(String name, Answer<Secret> answer) {
    secret(handle, name, answer);
  }

  void secretAtStage(String name, String stage, Answer<Secret> answer) {
    secretAtStage(handle, name, stage, answer);
  }

  void renew(String name, String rejectedId, Answer<Credentials> answer) {
    renew(handle, name, rejectedId, answer);
  }

  void refresh(String name, Answer<Secret> answer) {
    refresh(handle, name, answer);
  }

  void beginCredentials(String name, Answer<Credentials> answer) {
    beginCredentials(handle, name, answer);
  }

  void beginSecret(String name, Answer<Secret> answer) {
    beginSecret(handle, name, answer);
  }

  void beginSecretAtStage(String name, String stage, Answer<Secret> answer) {
    beginSecretAtStage(handle, name, stage, answer);
  }

  void beginRenew(String name, String rejectedId, Answer<Credentials> answer) {
    beginRenew(handle, name, rejectedId, answer);
  }

  void beginRefresh(String name, Answer<Secret> answer) {
    beginRefresh(handle, name, answer);
  }

  boolean isRejection(String code, String message) {
    return isRejection(handle, code, message);
  }

  long subscribe(Subscription subscription) {
    Answer<Void> answer = new Answer<>();
    long id = subscribe(handle, subscription, answer);
    answer.throwFailure();
    return id;
  }

  void unsubscribe(long id) {
    unsubscribe(handle, id);
  }

  void stats(Fields fields) {
    stats(handle, fields);
  }

  private static native long open(Object[] settings, Resources resources, Answer<?> answer);

  private static native long openFixed(Object[] versions, Answer<?> answer);

  private static native ByteBuffer changes(long handle);

  private native void close(long handle);

  private native boolean isClosed(long handle);

  private native void credentials(long handle, String name, Answer<?> answer);

  private native void cachedCredentials(long handle, String name, Answer<?> answer);

  private native void secret(long handle, String name, Answer<?> answer);

  private native void secretAtStage(long handle, String name, String stage, Answer<?> answer);

  private native void renew(long handle, String name, String rejectedId, Answer<?> answer);

  private native void refresh(long handle, String name, Answer<?> answer);

  private native void beginCredentials(long handle, String name, Answer<?> answer);

  private native void beginSecret(long handle, String name, Answer<?> answer);

  private native void beginSecretAtStage(long handle, String name, String stage, Answer<?> answer);

  private native void beginRenew(long handle, String name, String rejectedId, Answer<?> answer);

  private native void beginRefresh(long handle, String name, Answer<?> answer);

  private native boolean isRejection(long handle, String code, String message);

  private native long subscribe(long handle, Subscription subscription, Answer<Void> answer);

  private native void unsubscribe(long handle, long id);

  private native void stats(long handle, Fields fields);

  static native void noAnswerWithin(long milliseconds, Answer<?> answer);
}
