package dev.slipway.serving.upstream;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipway.serving.catalog.Catalog;
import dev.slipway.serving.catalog.Stage;
import dev.slipway.serving.model.RulesInForce;
import dev.slipway.serving.model.RulesInForce.RuleKey;
import dev.slipway.serving.model.RulesInForce.Withdrawal;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.Arrays;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WithdrawalFileTest {
  private static final Map<RuleKey, Withdrawal> WITHDRAWN =
      Map.of(
          new RuleKey("m", Stage.PRODUCTION), new Withdrawal(7, "5 of 6 failed"),
          new RuleKey("ü", Stage.STAGING), new Withdrawal(8, ""));

  @TempDir Path folder;

  private static RulesInForce rules() {
    return new RulesInForce(new Catalog(), Clock.systemUTC());
  }

  private Map<RuleKey, Withdrawal> restored() {
    RulesInForce rules = rules();
    new WithdrawalFile(folder, rules).restore();
    return rules.unwritten();
  }

  private void save(Map<RuleKey, Withdrawal> withdrawn) {
    RulesInForce rules = rules();
    withdrawn.forEach(rules::withdraw);
    new WithdrawalFile(folder, rules).save();
  }

  @Test
  void whatWasWithdrawn_isSoAfterARestart() {
    assertThat(restored()).isEmpty();

    save(WITHDRAWN);

    assertThat(restored()).isEqualTo(WITHDRAWN);
  }

  @Test
  void damagedFile_isPassedOver() throws IOException {
    save(WITHDRAWN);
    Path file = folder.resolve(WithdrawalFile.FILE_NAME);
    byte[] whole = Files.readAllBytes(file);
    for (int i = 0; i < whole.length; i++) {
      byte[] damaged = whole.clone();
      damaged[i] ^= 1;
      Files.write(file, damaged);
      assertThat(restored()).isEmpty();
      Files.write(file, Arrays.copyOf(whole, i));
      assertThat(restored()).isEmpty();
    }
  }
}
