package dev.slipway.gateway.mlflow;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.slipway.artifact.v1.AbortUploadRequest;
import dev.slipway.artifact.v1.CompleteUploadRequest;
import dev.slipway.artifact.v1.CompletedPart;
import dev.slipway.artifact.v1.CreateDownloadUrlRequest;
import dev.slipway.artifact.v1.CreateDownloadUrlResponse;
import dev.slipway.artifact.v1.CreateUploadUrlsRequest;
import dev.slipway.artifact.v1.CreateUploadUrlsResponse;
import dev.slipway.artifact.v1.QueryUploadRequest;
import dev.slipway.artifact.v1.QueryUploadResponse;
import dev.slipway.artifact.v1.UploadPartUrl;
import dev.slipway.artifact.v1.UploadSpec;
import dev.slipway.gateway.upstream.Outcome;
import dev.slipway.gateway.upstream.Services;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.javalin.http.HandlerType;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.stream.Stream;

/** Answers the endpoints by which large files go straight to the object store and from it. */
final class MultipartEndpoints implements MlflowFamily {
  private static final List<String> PROXIES =
      List.of("/api/2.0/mlflow-artifacts/", "/ajax-api/2.0/mlflow-artifacts/");

  private static final int MAX_PARTS = 10_000;

  /** The service reads the whole file once before it publishes it. */
  private static final long COMPLETE_SECONDS = 600;

  private final Services services;

  MultipartEndpoints(Services services) {
    this.services = services;
  }

  @Override
  public List<MlflowRoute> routes() {
    return Stream.of(
            Stream.of("mpu/create", "mpu/create/<directory>").map(path -> post(path, this::create)),
            Stream.of("mpu/complete", "mpu/complete/<directory>")
                .map(path -> post(path, this::complete)),
            Stream.of("mpu/abort", "mpu/abort/<directory>").map(path -> post(path, this::abort)),
            Stream.of(
                new MlflowRoute(
                    HandlerType.GET, "presigned/<file>", PROXIES, this::presigned, Map.of())))
        .flatMap(routes -> routes)
        .toList();
  }

  private static MlflowRoute post(String path, MlflowEndpoint endpoint) {
    return new MlflowRoute(HandlerType.POST, path, PROXIES, endpoint, Map.of());
  }

  /** Of the path of the client's own file, which the body has, only the name counts. */
  private static String path(Fields request) {
    String local = request.requiredText("path");
    String name = local.substring(local.lastIndexOf('/') + 1);
    String directory = request.text("directory");
    return directory.isEmpty() ? name : directory + "/" + name;
  }

  private Answer create(Fields request) {
    int count = request.findInt("num_parts", 1, MAX_PARTS).orElse(1);
    CreateUploadUrlsRequest wanted =
        CreateUploadUrlsRequest.newBuilder()
            .setSpec(UploadSpec.newBuilder().setPath(path(request)))
            .setPartCount(count)
            .build();
    return translated(
        "Multipart upload",
        () -> {
          CreateUploadUrlsResponse upload = services.artifact().createUploadUrls(wanted);
          List<UploadPartUrl> parts = new ArrayList<>(upload.getPartsList());
          while (parts.size() < upload.getPartCount()) {
            parts.addAll(
                services
                    .artifact()
                    .createUploadUrls(
                        CreateUploadUrlsRequest.newBuilder()
                            .setUploadId(upload.getUploadId())
                            .setFirstPartNumber(parts.size() + 1)
                            .build())
                    .getPartsList());
          }
          return json -> write(json, upload.getUploadId(), parts);
        });
  }

  private static void write(JsonGenerator json, String uploadId, List<UploadPartUrl> parts)
      throws IOException {
    json.writeStringField("upload_id", uploadId);
    json.writeArrayFieldStart("credentials");
    for (UploadPartUrl part : parts) {
      json.writeStartObject();
      json.writeStringField("url", part.getUrl());
      json.writeNumberField("part_number", part.getPartNumber());
      headers(json, part.getHeadersMap());
      json.writeEndObject();
    }
    json.writeEndArray();
  }

  private static void headers(JsonGenerator json, Map<String, String> headers) throws IOException {
    json.writeObjectFieldStart("headers");
    for (Map.Entry<String, String> header : headers.entrySet()) {
      json.writeStringField(header.getKey(), header.getValue());
    }
    json.writeEndObject();
  }

  private Answer complete(Fields request) {
    String uploadId = request.requiredText("upload_id");
    String path = path(request);
    CompleteUploadRequest parts =
        CompleteUploadRequest.newBuilder()
            .setUploadId(uploadId)
            .addAllParts(
                request.objects("parts").stream()
                    .map(MultipartEndpoints::part)
                    .sorted(Comparator.comparing(CompletedPart::getPartNumber))
                    .toList())
            .build();
    return translated(
        "Multipart upload",
        () -> {
          requirePath(query(uploadId), path);
          completeOrAwait(parts);
          return Answer.EMPTY;
        });
  }

  private static CompletedPart part(Fields part) {
    return CompletedPart.newBuilder()
        .setPartNumber(
            part.findInt("part_number", 1, MAX_PARTS)
                .orElseThrow(() -> MlflowException.missing("parts.part_number")))
        .setEtag(part.requiredText("etag"))
        .build();
  }

  private void completeOrAwait(CompleteUploadRequest parts) {
    try {
      var unused =
          services
              .artifact()
              .withDeadlineAfter(COMPLETE_SECONDS, TimeUnit.SECONDS)
              .completeUpload(parts);
    } catch (StatusRuntimeException e) {
      if (!Outcome.of(e).reason().equals("UPLOAD_FINISHING")) {
        throw e;
      }
      throw new MlflowException(
          ErrorCode.TEMPORARILY_UNAVAILABLE, "The upload is just being completed; try again");
    }
  }

  private QueryUploadResponse query(String uploadId) {
    return services
        .artifact()
        .queryUpload(QueryUploadRequest.newBuilder().setUploadId(uploadId).build());
  }

  private static void requirePath(QueryUploadResponse upload, String path) {
    if (!upload.getPath().equals(path)) {
      throw MlflowException.refused("The upload is of another path");
    }
  }

  private Answer abort(Fields request) {
    String uploadId = request.requiredText("upload_id");
    String path = path(request);
    return translated(
        "Multipart upload",
        () -> {
          try {
            requirePath(query(uploadId), path);
          } catch (StatusRuntimeException e) {
            if (e.getStatus().getCode() == Status.Code.NOT_FOUND) {
              return Answer.EMPTY;
            }
            throw e;
          }
          var unused =
              services
                  .artifact()
                  .abortUpload(AbortUploadRequest.newBuilder().setUploadId(uploadId).build());
          return Answer.EMPTY;
        });
  }

  private Answer presigned(Fields request) {
    return translated(
        "Multipart download",
        () -> {
          CreateDownloadUrlResponse made =
              services
                  .artifact()
                  .createDownloadUrl(
                      CreateDownloadUrlRequest.newBuilder()
                          .setPath(request.requiredText("file"))
                          .build());
          return json -> {
            json.writeStringField("url", made.getUrl());
            headers(json, made.getHeadersMap());
            json.writeNumberField("file_size", made.getArtifact().getSizeBytes());
          };
        });
  }

  /** Calls the service; clients know by the words of a 501 that they must do without. */
  private static Answer translated(String what, Supplier<Answer> call) {
    try {
      return call.get();
    } catch (StatusRuntimeException e) {
      Outcome outcome = Outcome.of(e);
      if (outcome.reason().equals("PRESIGNED_URLS_UNSUPPORTED")) {
        throw new MlflowException(
            ErrorCode.NOT_IMPLEMENTED, what + " is not supported by the store of artifacts");
      }
      throw ArtifactErrors.translate(outcome);
    }
  }
}
