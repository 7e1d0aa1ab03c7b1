/* What a call of a native function costs the JVM at least. */
#include <jni.h>

JNIEXPORT void JNICALL Java_io_kmsak_benches_CachedReads_nothing(JNIEnv *environment, jclass type) {
  (void)environment;
  (void)type;
}
