package io.fairlead;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.core.domain.JavaModifier.SYNCHRONIZED;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.methods;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static java.util.stream.Collectors.toCollection;
import static java.util.stream.Collectors.toSet;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import io.fairlead.json.JsonAnswer;
import io.fairlead.json.internal.JsonText;
import java.io.IOException;
import java.io.InputStream;
import java.lang.module.ModuleDescriptor;
import java.net.URI;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ArchitectureTest {
  private static final JavaClasses CORE = new ClassFileImporter()
      .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
      .importPackages("io.fairlead");

  /** What java itself and JShell import unasked, as the JDK's packages. */
  private static final List<String> IMPORTED_BY_DEFAULT = List.of(
      "java.base/java/lang",
      "java.base/java/io",
      "java.base/java/math",
      "java.base/java/net",
      "java.base/java/nio/file",
      "java.base/java/util",
      "java.base/java/util/concurrent",
      "java.base/java/util/function",
      "java.prefs/java/util/prefs",
      "java.base/java/util/regex",
      "java.base/java/util/stream");

  /** Names that collide all the same; each needs a reason here. */
  private static final Set<String> AMBIGUOUS_FOR_A_REASON = Set.of();

  private static final String ALLOWED = """
      config    | grammar, error, operation, platform, provider, json.internal, org.slf4j
      error     |
      grammar   |
      operation | grammar, error
      platform  | grammar, error, operation, spi, provider, json, rollout
      language  | grammar, error, json.internal, platform, provider, com.fasterxml.jackson
      provider  | grammar, error
      spi       | grammar, platform, provider
      json      | grammar, json.internal, com.fasterxml.jackson
      json.internal | grammar, spi, provider, com.fasterxml.jackson
      reconcile | grammar, error, operation, platform, provider, rollout, rollout.internal, org.slf4j
      rollout   | grammar, provider
      rollout.internal | rollout
      """;

  @ParameterizedTest
  @CsvSource(delimiter = '|', textBlock = ALLOWED)
  void eachPackageDependsOnlyOnWhatItMay(String name, String allowed) {
    Set<String> packages = new TreeSet<>(Set.of("java..", "org.jspecify..", "io.fairlead." + name));
    if (allowed != null) {
      Stream.of(allowed.split(", "))
          .map(other -> other.startsWith("com.") || other.startsWith("org.")
              ? other + ".."
              : "io.fairlead." + other)
          .forEach(packages::add);
    }

    classes()
        .that()
        .resideInAPackage("io.fairlead." + name)
        .should()
        .onlyDependOnClassesThat(resideInAnyPackage(packages.toArray(String[]::new)))
        .check(CORE);
  }

  @Test
  void theTableAboveNamesEveryPackage() {
    assertThat(ALLOWED.lines().map(line -> "io.fairlead." + line.substring(0, line.indexOf(' '))))
        .containsExactlyInAnyOrderElementsOf(packages());
  }

  /** A mapper's classes take longer to load than all of this library's. */
  @Test
  void onlyTypesOfApplicationsAndASchemaNeedAMapper() {
    noClasses()
        .that()
        .doNotBelongToAnyOf(JsonAnswer.class, JsonText.class)
        .should()
        .dependOnClassesThat()
        .areAssignableTo(ObjectMapper.class)
        .check(CORE);
  }

  @Test
  void onlyWhatReadsJsonUsesJackson() {
    noClasses()
        .that()
        .resideOutsideOfPackages("io.fairlead.json..", "io.fairlead.language")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("com.fasterxml..")
        .check(CORE);
  }

  @Test
  void everyPackageIsNullMarked() {
    assertThat(packages())
        .allSatisfy(name -> assertThat(
                Class.forName(name + ".package-info").isAnnotationPresent(NullMarked.class))
            .isTrue());
  }

  @Test
  void theModuleExportsEveryPackageThatIsNotInternal() throws IOException {
    assertThat(module().exports())
        .noneMatch(ModuleDescriptor.Exports::isQualified)
        .extracting(ModuleDescriptor.Exports::source)
        .containsExactlyInAnyOrderElementsOf(
            packages().stream().filter(name -> !name.endsWith(".internal")).toList());
  }

  @Test
  void noPublicNameIsAmbiguousInJshell() throws IOException {
    Set<String> jdk = new TreeSet<>();
    for (String directory : IMPORTED_BY_DEFAULT) {
      jdk.addAll(typesIn(directory));
    }
    assertThat(jdk).contains("Runtime", "List", "Function", "URI", "Preferences", "Pattern");

    Set<String> ambiguous = publicNames();
    ambiguous.retainAll(jdk);

    assertThat(ambiguous).isEqualTo(AMBIGUOUS_FOR_A_REASON);
  }

  @Test
  void noTwoPublicTypesHaveOneName() {
    List<String> names = publicTypes().map(JavaClass::getSimpleName).toList();

    assertThat(names).doesNotHaveDuplicates().contains("Endpoint", "Platforms", "GrammarJson");
  }

  @Test
  void noClassIsAnImplOrAManagerButTheGrammarsOwn() {
    noClasses()
        .that()
        .doNotHaveFullyQualifiedName("io.fairlead.grammar.StateManager")
        .should()
        .haveSimpleNameEndingWith("Impl")
        .orShould()
        .haveSimpleNameEndingWith("Manager")
        .check(CORE);
  }

  @Test
  void noMethodIsSynchronized() {
    methods().should().notHaveModifier(SYNCHRONIZED).check(CORE);
  }

  private static Set<String> packages() {
    return CORE.stream()
        .map(JavaClass::getPackageName)
        .filter(name -> !name.isEmpty())
        .collect(toCollection(TreeSet::new));
  }

  private static Set<String> publicNames() {
    return publicTypes().map(JavaClass::getSimpleName).collect(toCollection(TreeSet::new));
  }

  private static Stream<JavaClass> publicTypes() {
    return CORE.stream()
        .filter(JavaClass::isTopLevelClass)
        .filter(type -> type.getModifiers().contains(JavaModifier.PUBLIC));
  }

  private static Set<String> typesIn(String directory) throws IOException {
    Path jdk = FileSystems.getFileSystem(URI.create("jrt:/")).getPath("/modules");
    try (Stream<Path> files = Files.list(jdk.resolve(directory))) {
      return files
          .map(file -> file.getFileName().toString())
          .filter(file -> file.endsWith(".class") && !file.contains("$"))
          .map(file -> file.substring(0, file.length() - ".class".length()))
          .collect(toSet());
    }
  }

  private static ModuleDescriptor module() throws IOException {
    Path classes = Path.of("target/classes/module-info.class");
    try (InputStream in = Files.newInputStream(classes)) {
      return ModuleDescriptor.read(in);
    }
  }
}
