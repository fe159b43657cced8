package dev.slipway.gateway.artifacts;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.slipway.artifact.v1.Entry;
import dev.slipway.artifact.v1.ListRequest;
import dev.slipway.artifact.v1.ListResponse;
import dev.slipway.gateway.mlflow.Answer;
import dev.slipway.gateway.upstream.Services;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.util.function.Function;

/**
 * Lists directories, all of each in one answer, since clients of the proxy ask for no further page.
 * Memory is one page. Thread-safe.
 */
final class Listings {
  private final Services services;

  Listings(Services services) {
    this.services = services;
  }

  /** Lists a directory under the bare names of what lies in it. */
  Answer names(String directory) {
    return list(directory, Entry::getName, "");
  }

  /** Lists a directory of a run or a logged model under paths that begin at its root. */
  Answer below(ArtifactRoot root, String directory) {
    int rootLength = root.path().isEmpty() ? 0 : root.path().length() + 1;
    return list(root.at(directory), entry -> entry.getPath().substring(rootLength), root.uri());
  }

  /**
   * Reads the first page, which may be refused, and leaves the others to the answer.
   *
   * @param rootUri shown beside the files, unless it is empty
   */
  private Answer list(String directory, Function<Entry, String> shown, String rootUri) {
    ListResponse first = page(directory, "");
    return json -> {
      // A list that breaks off must not look whole.
      json.disable(JsonGenerator.Feature.AUTO_CLOSE_JSON_CONTENT);
      if (!rootUri.isEmpty()) {
        json.writeStringField("root_uri", rootUri);
      }
      if (first.getEntriesCount() == 0) {
        return;
      }
      json.writeArrayFieldStart("files");
      write(json, first, shown);
      for (String token = first.getNextPageToken(); !token.isEmpty(); ) {
        ListResponse next = nextPage(directory, token);
        write(json, next, shown);
        token = next.getNextPageToken();
      }
      json.writeEndArray();
    };
  }

  private ListResponse page(String directory, String token) {
    return services
        .artifact()
        .list(ListRequest.newBuilder().setPath(directory).setPageToken(token).build());
  }

  private ListResponse nextPage(String directory, String token) throws IOException {
    try {
      return page(directory, token);
    } catch (StatusRuntimeException e) {
      throw new IOException("a listing broke off", e);
    }
  }

  private static void write(JsonGenerator json, ListResponse page, Function<Entry, String> shown)
      throws IOException {
    for (Entry entry : page.getEntriesList()) {
      json.writeStartObject();
      json.writeStringField("path", shown.apply(entry));
      json.writeBooleanField("is_dir", entry.hasDirectory());
      if (entry.hasArtifact()) {
        json.writeNumberField("file_size", entry.getArtifact().getSizeBytes());
      }
      json.writeEndObject();
    }
  }
}
