package dev.slipway.artifact.blob;

import java.io.IOException;
import okhttp3.Interceptor;
import okhttp3.Response;
import okhttp3.ResponseBody;

/**
 * Mends a MinIO server's listings of unfinished uploads: it leaves the storage class empty, for
 * which the SDK refuses the whole listing. Stateless.
 */
final class UploadListings implements Interceptor {
  @Override
  public Response intercept(Chain chain) throws IOException {
    Response response = chain.proceed(chain.request());
    if (!chain.request().url().queryParameterNames().contains("uploads")
        || !response.isSuccessful()
        || !chain.request().method().equals("GET")) {
      return response;
    }
    try (ResponseBody body = response.body()) {
      String mended =
          body.string()
              .replace("<StorageClass></StorageClass>", "<StorageClass>STANDARD</StorageClass>");
      return response.newBuilder().body(ResponseBody.create(mended, body.contentType())).build();
    }
  }
}
