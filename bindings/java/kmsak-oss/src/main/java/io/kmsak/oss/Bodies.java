package io.kmsak.oss;

import com.aliyun.oss.model.PutObjectRequest;
import com.aliyun.oss.model.UploadPartRequest;
import com.aliyun.oss.model.UploadUdfImageRequest;
import com.aliyun.oss.model.WriteGetObjectResponseRequest;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.util.HashMap;
import java.util.Map;

/** The streams that a call uploads from. What lies in memory can be sent again; everything else the SDK has read and closed. */
final class Bodies {
  /** How much was left before the call; null for streams that cannot be read again. */
  private final Map<InputStream, Integer> left = new HashMap<>();

  Bodies(Object[] arguments) {
    if (arguments == null) {
      return;
    }
    for (Object argument : arguments) {
      InputStream stream = stream(argument);
      if (stream instanceof ByteArrayInputStream) {
        stream.mark(0);
        left.put(stream, ((ByteArrayInputStream) stream).available());
      } else if (stream != null) {
        left.put(stream, null);
      }
    }
  }

  private static InputStream stream(Object argument) {
    if (argument instanceof InputStream) {
      return (InputStream) argument;
    }
    if (argument instanceof PutObjectRequest) {
      return ((PutObjectRequest) argument).getInputStream();
    }
    if (argument instanceof UploadPartRequest) {
      return ((UploadPartRequest) argument).getInputStream();
    }
    if (argument instanceof WriteGetObjectResponseRequest) {
      return ((WriteGetObjectResponseRequest) argument).getInputStream();
    }
    return argument instanceof UploadUdfImageRequest ? ((UploadUdfImageRequest) argument).getUdfImage() : null;
  }

  /** Puts every stream back to where it stood; false if one cannot be. */
  boolean rewind() {
    for (Map.Entry<InputStream, Integer> body : left.entrySet()) {
      if (body.getValue() == null) {
        return false;
      }
      ByteArrayInputStream stream = (ByteArrayInputStream) body.getKey();
      stream.reset();
      // The SDK may have set a mark of its own.
      if (stream.available() != body.getValue()) {
        return false;
      }
    }
    return true;
  }
}
