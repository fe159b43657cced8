package dev.slipway.serving.upstream;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.slipway.serving.catalog.Stage;
import dev.slipway.serving.model.RulesInForce;
import dev.slipway.serving.model.RulesInForce.RuleKey;
import dev.slipway.serving.model.RulesInForce.Withdrawal;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;

/**
 * The traffic rules that this server has withdrawn and the registry does not know of yet, on disk,
 * so that a challenger that did badly stays withdrawn through a restart. A {@link StateFile}.
 * Thread-safe; every call blocks.
 */
public final class WithdrawalFile {
  /** The name of the file in the folder of the packages. */
  public static final String FILE_NAME = "withdrawals.state";

  private static final int MAGIC = 0x534c_5757;

  private final StateFile file;
  private final RulesInForce rules;

  @GuardedBy("this")
  private Map<RuleKey, Withdrawal> saved = Map.of();

  /**
   * Creates it; nothing is read or written yet.
   *
   * @param folder an existing folder that no other server uses
   */
  public WithdrawalFile(Path folder, RulesInForce rules) {
    this.file = new StateFile(folder.resolve(FILE_NAME), MAGIC);
    this.rules = rules;
  }

  /** Withdraws what the file says; to be called before the registry is heard. */
  public synchronized void restore() {
    saved = file.read(WithdrawalFile::read).orElse(Map.of());
    saved.forEach(rules::withdraw);
  }

  /** Writes what is withdrawn, if it has changed. A failure is tried again by the next call. */
  public synchronized void save() {
    Map<RuleKey, Withdrawal> known = rules.unwritten();
    if (!known.equals(saved) && file.write(body(known))) {
      saved = known;
    }
  }

  private static byte[] body(Map<RuleKey, Withdrawal> withdrawals) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (DataOutputStream out = new DataOutputStream(bytes)) {
      out.writeInt(withdrawals.size());
      for (Map.Entry<RuleKey, Withdrawal> entry : withdrawals.entrySet()) {
        out.writeUTF(entry.getKey().model());
        out.writeUTF(entry.getKey().stage().name());
        out.writeLong(entry.getValue().revision());
        out.writeUTF(entry.getValue().reason());
      }
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
    return bytes.toByteArray();
  }

  private static Map<RuleKey, Withdrawal> read(ByteBuffer body) throws IOException {
    Map<RuleKey, Withdrawal> withdrawals = new HashMap<>();
    try (DataInputStream in =
        new DataInputStream(
            new ByteArrayInputStream(
                body.array(), body.arrayOffset() + body.position(), body.remaining()))) {
      for (int left = in.readInt(); left > 0; left--) {
        RuleKey key = new RuleKey(in.readUTF(), Stage.valueOf(in.readUTF()));
        withdrawals.put(key, new Withdrawal(in.readLong(), in.readUTF()));
      }
    }
    return Map.copyOf(withdrawals);
  }
}
