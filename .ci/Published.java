import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.File;
import java.io.IOException;
import java.lang.module.ModuleFinder;
import java.lang.module.ModuleReference;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.jar.JarFile;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import javax.xml.parsers.DocumentBuilderFactory;
import org.w3c.dom.Element;
import org.w3c.dom.Node;
import org.w3c.dom.NodeList;

/**
 * Checks what is published, in the local repository that {@code .ci/published} installed it into.
 *
 * <ul>
 *   <li>{@code check REPOSITORY}: the poms have what Maven Central asks for, and the jars what they should
 *   <li>{@code consumers REPOSITORY PAGE FOLDER}: writes a project for each artifact and for each recipe of the page, which
 *       depends on it with the BOM as an application would
 *   <li>{@code weights PAGE FOLDER [--write]}: compares the page's table with the class paths of these projects
 * </ul>
 */
public final class Published {
  private static final String GROUP = "io.fairlead";
  private static final String BOM = "fairlead-bom";
  /** How much a size may differ, in MB. */
  private static final double TENTHS = 0.31;
  private static final Map<String, String> MODULES = Map.ofEntries(
      Map.entry("fairlead-core", "io.fairlead.core"),
      Map.entry("fairlead-provider-serverless", "io.fairlead.serverless"),
      Map.entry("fairlead-provider-sagemaker", "io.fairlead.sagemaker"),
      Map.entry("fairlead-provider-azureml", "io.fairlead.azureml"),
      Map.entry("fairlead-provider-vertex", "io.fairlead.vertex"),
      Map.entry("fairlead-provider-stateful", "io.fairlead.stateful"),
      Map.entry("fairlead-spring-boot-starter", "io.fairlead.spring"),
      Map.entry("fairlead-quarkus", "io.fairlead.quarkus"),
      Map.entry("fairlead-quarkus-deployment", "io.fairlead.quarkus.deployment"),
      Map.entry("fairlead-yaml", "io.fairlead.yaml"),
      Map.entry("fairlead-langchain4j", "io.fairlead.langchain4j"),
      Map.entry("fairlead-spring-ai", "io.fairlead.springai"));
  private static final Set<String> UNDECIDED = Set.of("fairlead.invalid");

  private final List<String> problems = new ArrayList<>();

  public static void main(String[] args) throws Exception {
    Published published = new Published();
    switch (args[0]) {
      case "check" -> published.check(Path.of(args[1]));
      case "consumers" -> published.consumers(Path.of(args[1]), Path.of(args[2]), Path.of(args[3]));
      case "weights" -> published.weights(
          Path.of(args[1]), Path.of(args[2]), List.of(args).contains("--write"));
      default -> throw new IllegalArgumentException(args[0]);
    }
    published.problems.forEach(problem -> System.out.println("  FAILED: " + problem));
    System.exit(published.problems.isEmpty() ? 0 : 1);
  }

  // ---- poms and jars ----

  private void check(Path repository) throws Exception {
    Map<String, Path> artifacts = artifacts(repository);
    Map<String, String> modules = new TreeMap<>();
    Set<String> jars = new TreeSet<>();
    for (Map.Entry<String, Path> artifact : artifacts.entrySet()) {
      String name = artifact.getKey();
      Path folder = artifact.getValue();
      Path base = folder.resolve(name + "-" + folder.getFileName());
      Element pom = xml(Path.of(base + ".pom"));
      checkPom(name, pom, folder.getFileName().toString());
      if (text(pom, "packaging").equals("pom")) {
        continue;
      }
      jars.add(name);
      checkJar(name, Path.of(base + ".jar"), modules);
      checkCompanions(name, base);
    }
    require(
        jars.equals(new TreeSet<>(MODULES.keySet())),
        "the jars are " + jars + ", the modules that are known here " + MODULES.keySet());
    require(modules.equals(new TreeMap<>(MODULES)), "the modules are " + modules);
    Path bom = artifacts.get(BOM);
    if (bom == null) {
      problems.add("there is no " + BOM);
    } else {
      checkBom(xml(bom.resolve(BOM + "-" + bom.getFileName() + ".pom")), jars);
    }
    System.out.println(artifacts.size() + " artifacts: " + String.join(", ", artifacts.keySet()));
  }

  /** What Central requires, and what a consumer must not inherit. */
  private void checkPom(String name, Element pom, String version) {
    for (String required : List.of("name", "description", "url", "licenses", "developers", "scm")) {
      require(!text(pom, required).isBlank(), name + ": its pom has no " + required);
    }
    for (String field : List.of("connection", "developerConnection", "url")) {
      require(
          !text(child(pom, "scm"), field).isBlank(), name + ": its pom has no scm/" + field);
    }
    for (String foreign : List.of("parent", "build", "profiles", "repositories", "properties")) {
      require(child(pom, foreign) == null, name + ": its pom has <" + foreign + ">");
    }
    String all = pom.getTextContent();
    require(!all.contains("${"), name + ": its pom has an expression");
    if (!version.endsWith("-SNAPSHOT")) {
      require(!all.contains("-SNAPSHOT"), name + ": its pom names a snapshot");
      require(
          UNDECIDED.stream().noneMatch(all::contains),
          name + ": its pom has the address that stands for one; set <home> in pom.xml");
    }
    for (Element dependency : children(child(pom, "dependencies"), "dependency")) {
      require(
          !Set.of("test", "system").contains(text(dependency, "scope")),
          name + ": its pom has the " + text(dependency, "scope") + " dependency "
              + text(dependency, "artifactId"));
      require(
          !text(dependency, "version").isBlank(),
          name + ": its pom has no version of " + text(dependency, "artifactId"));
    }
  }

  private void checkJar(String name, Path file, Map<String, String> modules) throws IOException {
    ModuleReference module = ModuleFinder.of(file).findAll().iterator().next();
    modules.put(name, module.descriptor().name());
    try (JarFile jar = new JarFile(file.toFile())) {
      if (module.descriptor().isAutomatic()) {
        require(
            jar.getManifest().getMainAttributes().getValue("Automatic-Module-Name") != null,
            name + ": its module's name is made from that of its file");
      }
      require(jar.getEntry("META-INF/LICENSE") != null, name + ": its jar has no META-INF/LICENSE");
      jar.stream()
          .map(ZipEntry::getName)
          .filter(entry -> !entry.endsWith("/"))
          .filter(entry -> !entry.startsWith("io/fairlead/") && !entry.startsWith("META-INF/"))
          .filter(entry -> !entry.equals("module-info.class"))
          .forEach(entry -> problems.add(name + ": its jar has " + entry));
    }
  }

  private void checkCompanions(String name, Path base) throws IOException {
    Set<String> classes = entries(Path.of(base + ".jar"), ".class");
    Set<String> sources = entries(Path.of(base + "-sources.jar"), ".java");
    for (String type : classes) {
      String outer = type.replaceFirst("\\$.*", "").replaceFirst("\\.class$", "") + ".java";
      // A package-private class may be in the file of another.
      String folder = outer.substring(0, outer.lastIndexOf('/') + 1);
      require(
          sources.contains(outer) || sources.stream().anyMatch(it -> it.startsWith(folder)),
          name + ": its sources have no " + outer);
    }
    require(
        entries(Path.of(base + "-javadoc.jar"), ".html").contains("index.html"),
        name + ": its javadoc has no index.html");
    Path list = Path.of(base + "-cyclonedx.json");
    require(Files.exists(list), name + ": it has no CycloneDX list");
  }

  private Set<String> entries(Path file, String ending) throws IOException {
    if (!Files.exists(file)) {
      problems.add("there is no " + file.getFileName());
      return Set.of();
    }
    try (JarFile jar = new JarFile(file.toFile())) {
      return jar.stream()
          .map(ZipEntry::getName)
          .filter(entry -> entry.endsWith(ending))
          .collect(Collectors.toSet());
    }
  }

  private void checkBom(Element bom, Set<String> jars) {
    Set<String> managed = new TreeSet<>();
    for (Element dependency :
        children(child(child(bom, "dependencyManagement"), "dependencies"), "dependency")) {
      require(
          text(dependency, "groupId").equals(GROUP),
          BOM + ": it manages " + text(dependency, "groupId"));
      managed.add(text(dependency, "artifactId"));
    }
    require(managed.equals(jars), BOM + ": it manages " + managed + ", published are " + jars);
  }

  // ---- consumers ----

  private void consumers(Path repository, Path page, Path folder) throws Exception {
    Map<String, String> projects = new LinkedHashMap<>();
    String version = artifacts(repository).get(BOM).getFileName().toString();
    for (String artifact : new TreeSet<>(MODULES.keySet())) {
      projects.put(
          artifact,
          "<dependency><groupId>" + GROUP + "</groupId><artifactId>" + artifact
              + "</artifactId></dependency>");
    }
    projects.putAll(recipes(Files.readString(page, UTF_8)));
    Files.createDirectories(folder);
    Files.writeString(
        folder.resolve("pom.xml"),
        project("all", version, "<packaging>pom</packaging><modules>"
            + projects.keySet().stream()
                .map(name -> "<module>" + slug(name) + "</module>")
                .collect(Collectors.joining())
            + "</modules>"));
    for (Map.Entry<String, String> project : projects.entrySet()) {
      Path own = Files.createDirectories(folder.resolve(slug(project.getKey())));
      Files.deleteIfExists(own.resolve("classpath"));
      Files.writeString(
          own.resolve("pom.xml"),
          project(
              slug(project.getKey()),
              version,
              "<dependencyManagement><dependencies><dependency><groupId>" + GROUP
                  + "</groupId><artifactId>" + BOM + "</artifactId><version>" + version
                  + "</version><type>pom</type><scope>import</scope></dependency>"
                  + "</dependencies></dependencyManagement><dependencies>" + project.getValue()
                  + "</dependencies>"));
    }
  }

  private static String project(String name, String version, String content) {
    return "<project><modelVersion>4.0.0</modelVersion><groupId>acme</groupId><artifactId>" + name
        + "</artifactId><version>" + version + "</version>" + content + "</project>\n";
  }

  /** {@return the dependencies of each section of the page that has a block of XML, by the section's heading} */
  private static Map<String, String> recipes(String page) {
    Map<String, String> recipes = new LinkedHashMap<>();
    Matcher matcher =
        Pattern.compile("^### (.+?)$|^```xml\n(.*?)^```", Pattern.MULTILINE | Pattern.DOTALL)
            .matcher(page);
    String heading = "";
    while (matcher.find()) {
      if (matcher.group(1) != null) {
        heading = matcher.group(1);
      } else if (matcher.group(2).startsWith("<dependency>")) {
        recipes.put(heading, matcher.group(2));
      }
    }
    return recipes;
  }

  private static String slug(String name) {
    return name.toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9]+", "-");
  }

  // ---- weights ----

  /** What an application gets at run time: jars, and their bytes. */
  private record Weight(int jars, double megabytes, String heaviest) {
    static Weight of(Path classpath) throws IOException {
      List<Path> jars = Arrays.stream(Files.readString(classpath, UTF_8).strip().split(File.pathSeparator))
          .map(Path::of)
          .sorted(Comparator.comparingLong(Weight::size).reversed())
          .toList();
      String heaviest = jars.stream()
          .limit(3)
          .map(jar -> "`" + jar.getParent().getParent().getFileName() + "` " + shown(megabytes(jar)))
          .collect(Collectors.joining(", "));
      return new Weight(
          jars.size(), jars.stream().mapToDouble(Weight::megabytes).sum(), heaviest);
    }

    private static long size(Path jar) {
      try {
        return Files.size(jar);
      } catch (IOException e) {
        throw new IllegalStateException(jar.toString(), e);
      }
    }

    private static double megabytes(Path jar) {
      return size(jar) / 1e6;
    }

    private static String shown(double megabytes) {
      return String.format(Locale.ROOT, "%.1f", megabytes);
    }

    String row(String name) {
      return "| " + name + " | " + jars + " | " + shown(megabytes) + " | " + heaviest + " |";
    }
  }

  private void weights(Path page, Path folder, boolean write) throws IOException {
    String text = Files.readString(page, UTF_8);
    String renewed = text;
    List<String> names = new ArrayList<>(new TreeSet<>(MODULES.keySet()));
    names.addAll(recipes(text).keySet());
    for (String name : names) {
      Weight weight = Weight.of(folder.resolve(slug(name)).resolve("classpath"));
      String shown = MODULES.containsKey(name) ? "`" + name + "`" : name;
      String row = weight.row(shown);
      System.out.println(row);
      Matcher known = Pattern.compile("^\\| " + Pattern.quote(shown) + " \\|.*$", Pattern.MULTILINE)
          .matcher(renewed);
      if (!known.find()) {
        problems.add(page + " has no row of " + shown);
        continue;
      }
      if (!write) {
        require(
            alike(known.group(), row),
            page + " is stale: it has " + known.group() + ", which is now " + row
                + "; renew it by .ci/published --write");
      }
      renewed = renewed.substring(0, known.start()) + row + renewed.substring(known.end());
    }
    if (write) {
      Files.writeString(page, renewed, UTF_8);
    }
  }

  /** {@return whether two rows name the same, and their numbers differ by a tenth, or a hundredth part, at most} */
  private static boolean alike(String row, String other) {
    Pattern jar = Pattern.compile("`([^`]+)` (\\d+\\.\\d)");
    Pattern number = Pattern.compile("(?<= )\\d+\\.\\d(?=[ ,])");
    if (!shape(row).equals(shape(other))) {
      return false;
    }
    List<Double> ones = number.matcher(row).results().map(it -> Double.valueOf(it.group())).toList();
    List<Double> others = number.matcher(other).results().map(it -> Double.valueOf(it.group())).toList();
    for (int i = 0; i < ones.size(); i++) {
      double one = ones.get(i);
      if (Math.abs(one - others.get(i)) > Math.max(TENTHS, one / 50)) {
        return false;
      }
    }
    // Jars that are about as heavy as the last one of a row change places at the next class.
    double last = ones.get(ones.size() - 1);
    return jar.matcher(row).results()
        .filter(it -> Double.parseDouble(it.group(2)) > last + TENTHS)
        .allMatch(it -> other.contains(it.group(1)));
  }

  /** {@return a row without the names of its heaviest jars and without sizes} */
  private static String shape(String row) {
    return row.replaceAll("`[^`]+` \\d+\\.\\d", "JAR").replaceAll("(?<= )\\d+\\.\\d(?=[ ,])", "N");
  }

  // ---- files ----

  /** {@return the folder of each artifact's one version} */
  private static Map<String, Path> artifacts(Path repository) throws IOException {
    Map<String, Path> found = new TreeMap<>();
    try (Stream<Path> poms = Files.walk(repository.resolve(GROUP.replace('.', '/')))) {
      poms.filter(file -> file.toString().endsWith(".pom")).forEach(pom -> {
        Path folder = pom.getParent();
        if (found.put(folder.getParent().getFileName().toString(), folder) != null) {
          throw new IllegalStateException("two versions of " + folder.getParent());
        }
      });
    }
    return found;
  }

  private void require(boolean holds, String problem) {
    if (!holds) {
      problems.add(problem);
    }
  }

  private static Element xml(Path file) throws Exception {
    return DocumentBuilderFactory.newInstance()
        .newDocumentBuilder()
        .parse(file.toFile())
        .getDocumentElement();
  }

  private static List<Element> children(Element parent, String name) {
    List<Element> found = new ArrayList<>();
    NodeList nodes = parent == null ? null : parent.getChildNodes();
    for (int i = 0; nodes != null && i < nodes.getLength(); i++) {
      Node node = nodes.item(i);
      if (node instanceof Element element && element.getTagName().equals(name)) {
        found.add(element);
      }
    }
    return found;
  }

  private static Element child(Element parent, String name) {
    List<Element> found = children(parent, name);
    return found.isEmpty() ? null : found.get(0);
  }

  private static String text(Element parent, String name) {
    Element found = parent == null ? null : child(parent, name);
    return found == null ? "" : found.getTextContent().strip();
  }
}
