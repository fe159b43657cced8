package dev.slipway.gateway.mlflow;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import dev.slipway.gateway.http.BrokenAnswerException;
import io.grpc.StatusRuntimeException;
import io.javalin.http.Context;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.Set;

/** Writes answers the way MLflow's server does: one JSON object each. Thread-safe. */
public final class MlflowAnswers {
  private static final String JSON = "application/json";
  private static final int RETRY_AFTER_SECONDS = 1;

  /** Statuses that say: later it may work. */
  private static final Set<Integer> WORTH_A_RETRY =
      Set.of(
          ErrorCode.TEMPORARILY_UNAVAILABLE.httpStatus(),
          ErrorCode.RESOURCE_EXHAUSTED.httpStatus());

  private final JsonFactory factory = new JsonFactory();

  /**
   * Answers success.
   *
   * @throws IOException if the client is away
   * @throws StatusRuntimeException if the rest of the answer cannot be had, while nothing has left
   *     for the client
   * @throws BrokenAnswerException if it cannot be had when it is too late for an error
   */
  public void answer(Context context, Answer answer) throws IOException {
    context.contentType(JSON);
    // Closed only after success: closing would complete the JSON of an answer that is not complete.
    JsonGenerator json = factory.createGenerator(context.outputStream());
    json.writeStartObject();
    try {
      answer.writeTo(json);
    } catch (StatusRuntimeException e) {
      HttpServletResponse response = context.res();
      if (response.isCommitted() || response.getHeader("Content-Encoding") != null) {
        throw new BrokenAnswerException(e);
      }
      response.resetBuffer();
      throw e;
    }
    json.writeEndObject();
    json.close();
  }

  /**
   * Answers why not.
   *
   * @throws IOException if the client is away
   */
  public void refuse(Context context, MlflowException refusal) throws IOException {
    context.status(refusal.httpStatus());
    if (WORTH_A_RETRY.contains(refusal.httpStatus())) {
      context.header("Retry-After", Integer.toString(RETRY_AFTER_SECONDS));
    }
    answer(
        context,
        json -> {
          json.writeStringField("error_code", refusal.code().name());
          json.writeStringField("message", refusal.getMessage());
        });
  }
}
