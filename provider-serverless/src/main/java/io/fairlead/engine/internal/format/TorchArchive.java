package io.fairlead.engine.internal.format;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.fairlead.engine.Datatype;
import io.fairlead.engine.TensorSpec;
import io.fairlead.engine.internal.file.ModelFile;
import io.fairlead.engine.internal.support.Failures;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.ZipEntry;
import java.util.zip.ZipException;
import java.util.zip.ZipFile;
import org.jspecify.annotations.Nullable;

/** The content of a PyTorch archive, by its directory. */
public final class TorchArchive {
  private static final Pattern CONSTANTS = Pattern.compile("[^/]+/constants\\.pkl");
  private static final Pattern CODE = Pattern.compile("[^/]+/code/.*");
  private static final int LONGEST = 1 << 24;

  private TorchArchive() {}

  /** {@return whether an archive is complete: its directory is at its end} */
  public static boolean isWhole(ModelFile file) {
    try {
      return read(file, zip -> true);
    } catch (IOException e) {
      return false;
    }
  }

  /** {@return whether an archive has the code of a model, not only weights or a pickled module} */
  public static boolean isTorchscript(ModelFile file) {
    try {
      return read(file, zip -> has(zip, CONSTANTS) && has(zip, CODE));
    } catch (IOException e) {
      return false;
    }
  }

  private static boolean has(ZipFile zip, Pattern name) {
    return zip.stream().anyMatch(entry -> name.matcher(entry.getName()).matches());
  }

  /**
   * {@return the inputs and outputs of the model}
   *
   * @throws IOException if they cannot be found
   */
  public static Signature signature(ModelFile file) throws IOException {
    List<String> named = Pickle.of(file).globals();
    String type = named.stream()
        .filter(name -> name.startsWith("__torch__."))
        .findFirst()
        .orElseThrow(() -> new IOException("it names no class of TorchScript"));
    int dot = type.lastIndexOf('.');
    String code = read(
        file,
        zip -> text(zip, "code/" + type.substring(0, dot).replace('.', '/') + ".py")
            .orElseThrow(() -> new IOException("the code of " + type + " is missing")));
    return Signature.of(code, type.substring(dot + 1))
        .declared(read(file, zip -> text(zip, "extra/" + Signature.INPUTS)).orElse(""));
  }

  private static Optional<String> text(ZipFile zip, String path) throws IOException {
    ZipEntry entry = zip.stream()
        .filter(one -> one.getName().replaceFirst("^[^/]+/", "").equals(path))
        .findFirst()
        .orElse(null);
    if (entry == null) {
      return Optional.empty();
    }
    try (InputStream in = zip.getInputStream(entry)) {
      return Optional.of(new String(in.readNBytes(LONGEST), UTF_8));
    }
  }

  private static <T> T read(ModelFile file, Reading<T> reading) throws IOException {
    Path path = file.path().orElse(null);
    if (path != null) {
      return read(path, reading);
    }
    Path copy = Files.createTempFile("fairlead-", ".zip");
    try (InputStream in = file.open()) {
      Files.copy(in, copy, StandardCopyOption.REPLACE_EXISTING);
      return read(copy, reading);
    } finally {
      Files.deleteIfExists(copy);
    }
  }

  private static <T> T read(Path path, Reading<T> reading) throws IOException {
    try (ZipFile zip = new ZipFile(path.toFile())) {
      return reading.of(zip);
    } catch (IllegalArgumentException e) {
      throw new ZipException(Failures.reason(e));
    }
  }

  private interface Reading<T> {
    T of(ZipFile zip) throws IOException;
  }

  /**
   * The method {@code forward} of a model.
   *
   * @param inputs its tensors, in order
   * @param outputs the number of tensors that it returns
   * @param single whether it returns a tensor instead of a tuple
   */
  public record Signature(List<TensorSpec> inputs, int outputs, boolean single) {
    /** The name of the extra file in which a model may declare its inputs. */
    static final String INPUTS = "inputs.txt";

    private static final Pattern PARAMETER =
        Pattern.compile("\\s*(\\w+)\\s*:\\s*([^=]+?)\\s*(=.*)?", Pattern.DOTALL);
    private static final Pattern DECLARATION =
        Pattern.compile("(\\w+)\\s*:\\s*(\\w+)\\s*(?:\\[([^\\]]*)\\])?");
    // The usual names in models of token ids.
    private static final Pattern WHOLE_NUMBERS =
        Pattern.compile("\\w*input_ids|\\w*attention_mask|token_type_ids|position_ids");

    static Signature of(String code, String type) throws IOException {
      int at = code.indexOf("class " + type + "(");
      int forward = code.indexOf("def forward(", Math.max(at, 0));
      int next = at < 0 ? -1 : code.indexOf("\nclass ", at);
      if (at < 0 || forward < 0 || (next >= 0 && forward > next)) {
        throw new IOException("its class " + type + " has no method forward");
      }
      List<String> parameters = parts(code, forward + "def forward(".length());
      List<TensorSpec> inputs = new ArrayList<>();
      for (String parameter : parameters.subList(1, parameters.size())) {
        Matcher matcher = PARAMETER.matcher(parameter);
        if (!matcher.matches()) {
          throw new IOException("its parameter '" + parameter.strip() + "' has no type");
        }
        boolean optional = matcher.group(3) != null;
        if (matcher.group(2).equals("Tensor") && !optional) {
          inputs.add(spec(matcher.group(1)));
        } else if (!optional) {
          throw new IOException("its parameter '" + matcher.group(1) + "' is a " + matcher.group(2)
              + ", and a request has tensors alone");
        }
      }
      int arrow = code.indexOf("->", forward);
      String returned = code.substring(arrow + 2, code.indexOf(":\n", arrow)).strip();
      return new Signature(inputs, outputs(returned), returned.equals("Tensor"));
    }

    private static int outputs(String returned) throws IOException {
      if (returned.equals("Tensor")) {
        return 1;
      }
      if (returned.startsWith("Tuple[")) {
        List<String> types = parts(returned, "Tuple[".length());
        if (types.stream().allMatch(type -> type.strip().equals("Tensor"))) {
          return types.size();
        }
      }
      throw new IOException(
          "it returns a " + returned + ", and an answer has a tensor or a tuple of tensors");
    }

    /** The comma-separated parts, up to the closing bracket. */
    private static List<String> parts(String code, int from) throws IOException {
      List<String> parts = new ArrayList<>();
      int depth = 0;
      int begin = from;
      for (int i = from; i < code.length(); i++) {
        char c = code.charAt(i);
        if (c == '(' || c == '[') {
          depth++;
        } else if ((c == ')' || c == ']') && depth-- == 0) {
          parts.add(code.substring(begin, i));
          return parts;
        } else if (c == ',' && depth == 0) {
          parts.add(code.substring(begin, i));
          begin = i + 1;
        }
      }
      throw new IOException("its method forward does not end");
    }

    private static TensorSpec spec(String name) {
      return new TensorSpec(
          name, WHOLE_NUMBERS.matcher(name).matches() ? Datatype.INT64 : Datatype.FP32, List.of());
    }

    /**
     * {@return the inputs with the types and shapes of a model's extra file, a line {@code NAME: TYPE[SHAPE]} for each}
     */
    Signature declared(String lines) throws IOException {
      List<TensorSpec> specs = new ArrayList<>(inputs);
      for (String line : lines.lines().filter(line -> !line.isBlank()).toList()) {
        Matcher matcher = DECLARATION.matcher(line.strip());
        if (!matcher.matches()) {
          throw new IOException("its " + INPUTS + " has the line '" + line.strip()
              + "', which is not like 'x: FP32[-1, 4]'");
        }
        int index = inputs.stream().map(TensorSpec::name).toList().indexOf(matcher.group(1));
        if (index < 0) {
          throw new IOException("its " + INPUTS + " names '" + matcher.group(1)
              + "', which is no tensor that it takes");
        }
        specs.set(index, declared(matcher.group(1), matcher.group(2), matcher.group(3)));
      }
      return new Signature(List.copyOf(specs), outputs, single);
    }

    private static TensorSpec declared(String name, String datatype, @Nullable String shape)
        throws IOException {
      try {
        List<Long> lengths = new ArrayList<>();
        for (String length :
            shape == null || shape.isBlank() ? new String[0] : shape.split(",", -1)) {
          lengths.add(Long.valueOf(length.strip()));
        }
        return new TensorSpec(name, Datatype.valueOf(datatype), lengths);
      } catch (IllegalArgumentException e) {
        throw new IOException(
            "its " + INPUTS + " has a type or shape for '" + name + "' that does not exist: "
                + Failures.reason(e),
            e);
      }
    }
  }
}
