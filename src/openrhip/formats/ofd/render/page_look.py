"""Style and script of the browser page: they serve reading, and the page reads without them."""

STYLE = """
:root{color-scheme:light;--line:#c8ccd4;--ink:#1d2433;--soft:#eef0f4;--accent:#0b5cad}
*{box-sizing:border-box}
html{scroll-padding-top:4.5rem}
body{margin:0;background:var(--soft);color:var(--ink);
font:1rem/1.6 system-ui,"PingFang SC","Microsoft YaHei","Noto Sans CJK SC",sans-serif}
.skip{position:absolute;left:-99rem}
.skip:focus{left:1rem;top:.5rem;z-index:9;background:#fff;padding:.5rem 1rem}
header{position:sticky;top:0;z-index:5;display:flex;flex-wrap:wrap;gap:.25rem 1.5rem;
align-items:center;background:#fff;border-bottom:1px solid var(--line);padding:.5rem 1rem}
h1{font-size:1.1rem;margin:0;overflow-wrap:anywhere}
.count{margin:0}
.tools{display:flex;gap:1rem;flex-wrap:wrap;align-items:center;margin:0}
.tools[hidden]{display:none}
select,button{font:inherit;min-height:2.2rem;border:1px solid #767c89;border-radius:4px;
background:#fff;color:inherit;padding:0 .5rem}
a{color:var(--accent)}
:focus-visible{outline:3px solid var(--accent);outline-offset:2px}
summary{cursor:pointer;min-height:2rem}
nav{flex-basis:100%}
nav ul{max-height:60vh;overflow:auto;margin:.25rem 0;padding-left:1.25rem}
nav a{display:inline-block;padding:.15rem 0}
main{padding:1rem .5rem;overflow-x:auto}
.page{position:relative;width:min(100%,calc(var(--w,210mm)*var(--z,1)));margin:0 auto 1rem;
background:#fff;box-shadow:0 1px 4px #0003;overflow:hidden;content-visibility:auto}
.z50{--z:.5}.z75{--z:.75}.z150{--z:1.5}.z200{--z:2}
.z150 .page,.z200 .page{width:calc(var(--w,210mm)*var(--z,1))}
.zfit .page{width:100%}
.page svg{display:block;width:100%;height:100%}
.page text{cursor:text}
.lost{padding:2rem;aspect-ratio:210/297}
.words{position:absolute;inset:0;overflow:hidden;color:#555;padding:1rem}
.defs{position:absolute}
footer{max-width:60rem;margin:0 auto;padding:0 1rem 2rem}
footer li span{color:#4a5263}
@media(max-width:40rem){header{position:static}html{scroll-padding-top:0}
main{padding:.25rem 0}.page{margin-bottom:.5rem}}
@media print{header,footer,.skip{display:none}body{background:#fff}main{padding:0}
.page{width:var(--w);height:calc(var(--h) - 1px);aspect-ratio:auto;margin:0;box-shadow:none;
content-visibility:visible}.page+.page{break-before:page}}
"""

SCRIPT = """
(function(){
var main=document.getElementById('main'),tools=document.querySelector('.tools'),
go=document.getElementById('go'),zoom=document.getElementById('zoom'),
pages=[].slice.call(main.querySelectorAll('.page'));
tools.hidden=false;
function fill(page){
var kept=page.querySelector('template');if(!kept)return;
page.appendChild(kept.content.cloneNode(true));kept.remove();
var words=page.querySelector('.words');if(words)words.remove();}
var near=new IntersectionObserver(function(seen){seen.forEach(function(one){
if(one.isIntersecting)fill(one.target);});},{rootMargin:'150% 0px'});
var here=new IntersectionObserver(function(seen){seen.forEach(function(one){
if(one.isIntersecting)go.value=scrollY<9?'1':one.target.id.slice(1);});},
{rootMargin:'-45% 0px -45% 0px'});
pages.forEach(function(page){near.observe(page);here.observe(page);
page.addEventListener('beforematch',function(){fill(page);});});
go.addEventListener('change',function(){location.hash='p'+go.value;});
zoom.addEventListener('change',function(){var page=document.getElementById('p'+go.value);
main.className='z'+zoom.value;page.scrollIntoView();});
document.getElementById('print').addEventListener('click',function(){print();});
window.addEventListener('beforeprint',function(){pages.forEach(fill);});
})();
"""
