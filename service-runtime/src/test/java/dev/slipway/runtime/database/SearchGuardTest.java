package dev.slipway.runtime.database;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.grpc.Context;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.time.Duration;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class SearchGuardTest {
  private final ScheduledThreadPoolExecutor timer = new ScheduledThreadPoolExecutor(1);

  @AfterEach
  void stop() {
    timer.shutdownNow();
  }

  private SearchGuard guard(Context caller) {
    return new SearchGuard(caller, Duration.ofDays(1), timer);
  }

  @Test
  void wishToCancel_isLeft_unlessItWasTheOnlyOneAndWasAnswered() throws Exception {
    Context.CancellableContext caller = Context.ROOT.withCancellation();
    try (Connection connection = DriverManager.getConnection("jdbc:h2:mem:");
        PreparedStatement statement = connection.prepareStatement("SELECT 1");
        SearchGuard guard = guard(caller)) {
      guard.beforeExecution(statement, null);
      assertThat(guard.wishMayBeLeft(false)).isFalse();

      caller.cancel(null);
      long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
      while (!guard.wishMayBeLeft(true)) {
        assertThat(System.nanoTime()).as("asked again in time").isLessThan(deadline);
        Thread.onSpinWait();
      }
      assertThat(guard.wishMayBeLeft(false)).isTrue();
    }
  }

  @Test
  void guardWithoutTimer_saysThatTheDatabaseDoesNotAnswer() {
    timer.shutdown();
    assertThatThrownBy(() -> guard(Context.ROOT)).isInstanceOf(DatabaseException.class);
  }
}
