// Typesets what is marked as a formula, with the KaTeX that lies beside this file.
for (const element of document.querySelectorAll(".arithmatex")) {
  const source = element.textContent.trim();
  const displayMode = source.startsWith("\\[");
  katex.render(source.slice(2, -2), element, { displayMode, throwOnError: false, strict: "error" });
}
