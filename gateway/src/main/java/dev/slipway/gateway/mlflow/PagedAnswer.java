package dev.slipway.gateway.mlflow;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.slipway.gateway.mlflow.JsonWriter.ElementWriter;
import java.io.IOException;
import java.util.List;

/**
 * Streams a list out page after page, so that a client gets as many elements as it asked for,
 * though services keep their own pages small, and no more than one page is held in memory.
 *
 * <p>The first page is there before the answer begins, so that what is wrong with a request becomes
 * an error; a later one that cannot be had breaks the answer off. Not thread-safe: one instance per
 * request.
 */
final class PagedAnswer<T> implements Answer {
  private final String field;
  private final int maxResults;
  private final PageSource<T> source;
  private final ElementWriter<T> writer;
  private Page<T> page;

  /** Gets one page of a list. */
  @FunctionalInterface
  interface PageSource<T> {
    /**
     * Returns a page.
     *
     * @param size the most elements wanted, at least 1; there may be fewer though more follow
     * @param token where to continue; empty for the first page
     */
    Page<T> get(int size, String token);
  }

  /**
   * Is a part of a list.
   *
   * @param nextPageToken where to continue; empty at the end
   */
  record Page<T>(List<T> elements, String nextPageToken) {}

  private PagedAnswer(
      String field, int maxResults, PageSource<T> source, ElementWriter<T> writer, Page<T> first) {
    this.field = field;
    this.maxResults = maxResults;
    this.source = source;
    this.writer = writer;
    this.page = first;
  }

  /**
   * Gets the first page.
   *
   * @param field name of the list in the answer, which is left out when the list is empty
   * @param maxResults the most elements of the answer, at least 1
   * @param token where the client wants to continue; empty for the beginning
   */
  static <T> PagedAnswer<T> of(
      String field, int maxResults, String token, PageSource<T> source, ElementWriter<T> writer) {
    return new PagedAnswer<>(field, maxResults, source, writer, source.get(maxResults, token));
  }

  @Override
  public void writeTo(JsonGenerator json) throws IOException {
    int written = 0;
    while (true) {
      for (T element : page.elements()) {
        if (written == 0) {
          json.writeArrayFieldStart(field);
        }
        writer.write(json, element);
        written++;
      }
      if (written >= maxResults || page.nextPageToken().isEmpty()) {
        break;
      }
      page = source.get(maxResults - written, page.nextPageToken());
    }
    if (written > 0) {
      json.writeEndArray();
    }
    JsonWriter.nextPage(json, page.nextPageToken());
  }
}
