package dev.slipway.serving.rpc;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Empty;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

class RepliesTest {
  private final List<String> told = new ArrayList<>();

  private final StreamObserver<Empty> out =
      new StreamObserver<>() {
        @Override
        public void onNext(Empty message) {
          told.add("message");
        }

        @Override
        public void onError(Throwable failure) {
          told.add(Status.fromThrowable(failure).getCode().name());
        }

        @Override
        public void onCompleted() {
          told.add("completed");
        }
      };

  @Test
  void value_isAnsweredOnce() {
    Replies.complete(
        CompletableFuture.completedFuture("value"), out, value -> Empty.getDefaultInstance());

    assertThat(told).containsExactly("message", "completed");
  }

  @Test
  void answerThatCannotBeMade_isAFailureInsteadOfSilence() {
    Replies.complete(
        CompletableFuture.completedFuture("value"),
        out,
        value -> {
          throw new AssertionError("no answer");
        });

    assertThat(told).containsExactly("INTERNAL");
  }
}
